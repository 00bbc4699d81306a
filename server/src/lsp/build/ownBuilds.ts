/**
 * Which build a package's program is run from. What cargo builds of a workspace as a whole may have more features than what
 * `cargo run -p` would start, since it unites those of all packages. Where that is so, the package has a build of its own.
 */
import { type Choice, type FeatureTree, featureTree } from "../../core/cargo/featureTree.js";
import type { Metadata, Package } from "../../core/cargo/cargo.js";
import type { CargoSelection } from "../../core/cargo/selection.js";
import { messageOf } from "../../core/support/errors.js";
import { type BuildKind, type CommonBuild, type Log, ownBuild } from "../protocol/api.js";
import { featuresOf, packagesOf } from "./cargoSettings.js";

export interface OwnBuildsOptions {
  readonly metadata: () => Promise<Metadata>;
  /** What is known of it. */
  readonly metadataNow: () => Metadata | undefined;
  readonly selectionOf: (kind: BuildKind) => CargoSelection;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
}

export class OwnBuilds {
  /** What was asked of cargo, until it may answer otherwise. */
  private trees = new Map<BuildKind, Promise<FeatureTree>>();
  private answers = new Map<BuildKind, Promise<BuildKind>>();
  private known = new Map<BuildKind, BuildKind>();
  /** The last answers, also those that may be others by now. */
  private readonly last = new Map<BuildKind, BuildKind>();

  constructor(private readonly options: () => OwnBuildsOptions) {}

  /** A manifest changed, or a setting. */
  forget(): void {
    this.trees = new Map();
    this.answers = new Map();
    this.known = new Map();
  }

  /** The answer, if cargo was asked already, or need not be. */
  now(common: CommonBuild, name: string): BuildKind | undefined {
    const { metadataNow, selectionOf } = this.options();
    const metadata = metadataNow();
    const isShared = metadata !== undefined && isAlone(common, name, metadata, selectionOf(common));
    return isShared ? common : this.known.get(ownKind(common, name));
  }

  /** Where to run what a build of the whole workspace makes of a package: from there, or from the package's own build. */
  of(common: CommonBuild, name: string): Promise<BuildKind> {
    const own = ownKind(common, name);
    const answer = this.answers.get(own) ?? this.ask(common, name, own);
    this.answers.set(own, answer);
    return answer;
  }

  private async ask(common: CommonBuild, name: string, own: BuildKind): Promise<BuildKind> {
    const { answers, known, last } = this;
    try {
      const answer = await this.choose(common, name, own);
      known.set(own, answer);
      last.set(own, answer);
      return answer;
    } catch (error) {
      // It cannot be built alone with these features, say, or a manifest is broken: cargo says why when it is to be built.
      answers.delete(own);
      this.options().log.warn(`cargo does not say which features ${name} has: ${messageOf(error)}`);
      // Whatever its features are, its own build has them.
      return last.get(own) ?? own;
    }
  }

  private async choose(common: CommonBuild, name: string, own: BuildKind): Promise<BuildKind> {
    const { metadata: describe, selectionOf, log } = this.options();
    const metadata = await describe();
    const wanted = memberOf(metadata, name);
    if (wanted === undefined || isAlone(common, name, metadata, selectionOf(common))) return common;
    const [whole, alone] = await Promise.all([this.tree(common), this.tree(own)]);
    if (!whole.chooses(wanted)) return own;
    const difference = whole.differenceFrom(alone);
    if (difference === undefined) return common;
    log.info(`${name} has a build of its own, since cargo builds the workspace's ${difference}`);
    return own;
  }

  private tree(kind: BuildKind): Promise<FeatureTree> {
    const { trees } = this;
    const { selectionOf, env } = this.options();
    const known = trees.get(kind);
    if (known !== undefined) return known;
    const selection = selectionOf(kind);
    const asked = featureTree(selection, choiceOf(kind, selection), env);
    trees.set(kind, asked);
    return asked;
  }
}

function ownKind(common: CommonBuild, name: string): BuildKind {
  return `${common === "members" ? "build" : common}:${name}` as const;
}

function choiceOf(kind: BuildKind, selection: CargoSelection): Choice {
  const hasTests = ["test", "examples"].includes(ownBuild(kind)?.common ?? kind);
  return { packages: packagesOf(selection), features: featuresOf(selection), hasTests };
}

function memberOf({ packages, workspace_members: members }: Metadata, name: string): Package | undefined {
  return packages.find((item) => item.name === name && members.includes(item.id));
}

/** Whether a build of the workspace chooses this package alone anyway. */
function isAlone(common: CommonBuild, name: string, metadata: Metadata, selection: CargoSelection): boolean {
  const { workspace_members: members, workspace_default_members: defaults = members } = metadata;
  const chosen = common === "build" && packagesOf(selection).length === 0 ? defaults : members;
  return chosen.length === 1 && chosen[0] === memberOf(metadata, name)?.id;
}
