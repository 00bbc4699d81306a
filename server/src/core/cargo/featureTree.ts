/**
 * Which features cargo builds packages with, for a choice of packages: it unites the features of all that it builds together, by
 * rules that depend on the resolver. `cargo tree` tells, and builds nothing.
 */
import { run } from "../support/process.js";
import { BuildFailed, type ManifestOptions, type Package, cargoProgram } from "./cargo.js";

/** A choice of packages, and what is built of them. */
export interface Choice {
  /** `-p`, `--workspace`, `--exclude`; none for cargo's default. */
  readonly packages: readonly string[];
  /** `--features` and its kin. */
  readonly features: readonly string[];
  /** Whether tests or examples are among it, for which there are dependencies of their own. */
  readonly hasTests: boolean;
}

/** What a choice makes cargo build. */
export class FeatureTree {
  /** As `cargo tree` shows them: name, version, and place. */
  private readonly roots = new Set<string>();
  /** By package, the features that it is built with; several where build scripts use it with other ones. */
  private readonly variants = new Map<string, Set<string>>();

  constructor(lines: readonly string[]) {
    for (const line of lines) {
      const [depth, shown, features] = line.split("\t");
      if (shown === undefined || features === undefined) continue;
      if (depth === "0") this.roots.add(shown);
      const known = this.variants.get(shown);
      if (known === undefined) this.variants.set(shown, new Set([features]));
      else known.add(features);
    }
  }

  /** Whether the package is among those that were chosen. */
  chooses({ name, version }: Pick<Package, "name" | "version">): boolean {
    const label = `${name} v${version}`;
    return [...this.roots].some((shown) => shown === label || shown.startsWith(`${label} `));
  }

  /**
   * Where what `alone` makes cargo build is built otherwise for this choice, in words; undefined if nowhere. A package that has several
   * variants has the same ones in both: a larger choice never takes a feature away, so no two of them can have changed places.
   */
  differenceFrom(alone: FeatureTree): string | undefined {
    for (const [shown, theirs] of alone.variants) {
      const ours = this.variants.get(shown) ?? new Set();
      const isSame = ours.size === theirs.size && [...theirs].every((features) => ours.has(features));
      if (!isSame) return `${shown} with ${listed(ours)}, and alone with ${listed(theirs)}`;
    }
    return undefined;
  }
}

/** Features, or those of each variant. */
function listed(variants: ReadonlySet<string>): string {
  return [...variants].map((features) => (features === "" ? "no features" : features)).join(" or ");
}

/** Asks cargo. Throws `BuildFailed` with its words. */
export async function featureTree(
  { cwd, manifestPath, global }: ManifestOptions,
  { packages, features, hasTests }: Choice,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<FeatureTree> {
  const args = [
    "tree",
    "--quiet",
    "--color=never",
    "--prefix=depth",
    "--format=\t{p}\t{f}\t",
    `--edges=${hasTests ? "normal,build,dev" : "normal,build"}`,
    ...packages,
    ...features,
    ...global,
    ...(manifestPath === undefined ? [] : ["--manifest-path", manifestPath]),
  ];
  const out: string[] = [];
  const err: string[] = [];
  const onStdout = (line: string): unknown => out.push(line);
  const onStderr = (line: string): unknown => err.push(line);
  const exit = await run([cargoProgram(env), ...args], { cwd, env, onStdout, onStderr, signal });
  if (exit.code !== 0) throw new BuildFailed(err.join("\n"), exit.code ?? 101);
  return new FeatureTree(out);
}
