/** What cargo says of a workspace, read once until it may have changed. */
import type { ServerSettings, Target } from "../../../../shared/src/lsp.js";
import { type Metadata, loadMetadata } from "../../core/cargo/cargo.js";
import { abortable } from "../protocol/cancellation.js";
import { selectionOf } from "./cargoSettings.js";
import { ambiguousMembers, defaultPackages, targetsOf } from "./targets.js";

export class Description {
  private described: Promise<Metadata> | undefined;
  private last: Metadata | undefined;
  private known: readonly Target[] = [];
  private packages: ReadonlySet<string> | undefined;
  private specs: ReadonlyMap<string, string> = new Map();

  /** `uri`: the project's. `read`: asks cargo. */
  constructor(
    private readonly uri: string,
    private readonly read: () => Promise<Metadata>,
  ) {}

  /** The programs that cargo named last. */
  get targets(): readonly Target[] {
    return this.known;
  }

  /** What cargo said last, at once. */
  get now(): Metadata | undefined {
    return this.last;
  }

  get defaultPackages(): ReadonlySet<string> | undefined {
    return this.packages;
  }

  /** How cargo is told of a member: by its name, unless another package has it, too. */
  specOf(name: string): string {
    return this.specs.get(name) ?? name;
  }

  async metadata(signal?: AbortSignal): Promise<Metadata> {
    if (this.described === undefined) {
      const described = this.describe();
      this.described = described;
      // What failed may be asked again.
      described.catch(() => {
        if (this.described === described) this.described = undefined;
      });
    }
    return abortable(this.described, signal);
  }

  /** Whoever asks next has cargo asked. */
  forget(): void {
    this.described = undefined;
  }

  /** A manifest changed. */
  refresh(): void {
    this.forget();
    void this.metadata().catch(() => undefined);
  }

  private async describe(): Promise<Metadata> {
    const metadata = await this.read();
    this.last = metadata;
    this.known = targetsOf(this.uri, metadata);
    this.packages = defaultPackages(metadata);
    this.specs = ambiguousMembers(metadata);
    return metadata;
  }
}

/** Asks cargo for the workspace's packages, by the user's settings. */
export function describeWorkspace(root: string, { cargo }: ServerSettings, env: NodeJS.ProcessEnv): Promise<Metadata> {
  const { cwd, manifestPath, global, features } = selectionOf("build", root, cargo);
  return loadMetadata({ cwd, manifestPath, global }, features, env);
}
