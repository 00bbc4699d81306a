/** Talking to cargo: the workspace's metadata and the messages of a build. Knows nothing of bitcode. */
import * as path from "node:path";
import * as z from "zod";
import { Diagnostic } from "../../../../shared/src/report.js";
import { HARNESS_MARK } from "./shims.js";
import { Unsupported } from "../support/errors.js";
import { run } from "../support/process.js";

const Target = z.looseObject({
  name: z.string(),
  kind: z.array(z.string()),
  crate_types: z.array(z.string()),
  src_path: z.string(),
  doctest: z.boolean().optional(),
});
export type Target = z.infer<typeof Target>;

const Package = z.looseObject({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  /** null for a path dependency or a member of the workspace. */
  source: z.string().nullable(),
  manifest_path: z.string(),
  targets: z.array(Target),
  default_run: z.string().nullable().optional(),
});
export type Package = z.infer<typeof Package>;

const Metadata = z.looseObject({
  packages: z.array(Package),
  workspace_members: z.array(z.string()),
  /** What is built without `--workspace` or `--package`. */
  workspace_default_members: z.array(z.string()).optional(),
  workspace_root: z.string(),
  target_directory: z.string(),
  /** Where intermediate artifacts are; cargo tells it since 1.91. */
  build_directory: z.string().optional(),
  resolve: z
    .looseObject({
      nodes: z.array(
        z.looseObject({
          id: z.string(),
          deps: z.array(
            z.looseObject({
              pkg: z.string(),
              dep_kinds: z.array(
                z.looseObject({ kind: z.string().nullable(), target: z.string().nullable().optional() }),
              ),
            }),
          ),
        }),
      ),
    })
    .nullable(),
});
export type Metadata = z.infer<typeof Metadata>;

/** The sources do not compile, or cargo's own checks fail. rustc or cargo has said why, and a build by cargo would fail, too. */
export class BuildFailed extends Error {
  constructor(
    message: string,
    readonly exitCode = 101,
  ) {
    super(message);
    this.name = "BuildFailed";
  }
}

/** Options that choose the workspace, as cargo spells them. */
export interface ManifestOptions {
  readonly cwd: string;
  readonly manifestPath: string | undefined;
  /** `--locked`, `--offline`, `--frozen`, `--config …`: passed on to every cargo command. */
  readonly global: readonly string[];
  /** `--target-dir`, which only commands that build take. */
  readonly targetDirectory?: string | undefined;
}

/** The cargo to call: the one that called us, or the one on the path. */
export function cargoProgram(env: NodeJS.ProcessEnv): string {
  return env["CARGO"] ?? "cargo";
}

/** `cargo metadata` with the dependency graph. Throws `BuildFailed` with cargo's own words. */
export async function loadMetadata(
  options: ManifestOptions,
  features: readonly string[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<Metadata> {
  const args = ["metadata", "--format-version=1", ...features, ...options.global];
  if (options.manifestPath !== undefined) args.push("--manifest-path", options.manifestPath);
  const out: string[] = [];
  const err: string[] = [];
  const { targetDirectory } = options;
  let exit;
  try {
    exit = await run([cargoProgram(env), ...args], {
      cwd: options.cwd,
      env: targetDirectory === undefined ? env : { ...env, CARGO_TARGET_DIR: targetDirectory },
      onStdout: (line) => out.push(line),
      onStderr: (line) => err.push(line),
      signal,
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new Unsupported("no cargo found: install Rust with rustup (https://rustup.rs)", { cause: error });
    }
    throw error;
  }
  if (exit.code !== 0) throw new BuildFailed(err.join("\n"), exit.code ?? 101);
  return Metadata.parse(JSON.parse(out.join("\n")));
}

/** Packages whose sources are the user's own: members of the workspace and path dependencies. */
export function localPackages(metadata: Metadata): Package[] {
  return metadata.packages.filter((item) => item.source === null);
}

/**
 * The packages whose libraries are linked natively: by a build script, a procedural macro, or a library that is
 * made as a native one (cdylib, dylib, staticlib).
 */
export function nativelyLinked(metadata: Metadata): Set<string> {
  const nodes = new Map(metadata.resolve?.nodes.map((node) => [node.id, node]) ?? []);
  const roots: string[] = [];
  for (const item of metadata.packages) {
    const isNative = item.targets.some((target) =>
      target.crate_types.some((kind) => ["proc-macro", "cdylib", "dylib", "staticlib"].includes(kind)),
    );
    for (const dep of nodes.get(item.id)?.deps ?? []) {
      if (isNative || dep.dep_kinds.some((kind) => kind.kind === "build")) roots.push(dep.pkg);
    }
  }
  const seen = new Set<string>();
  for (let id = roots.pop(); id !== undefined; id = roots.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    for (const dep of nodes.get(id)?.deps ?? []) roots.push(dep.pkg);
  }
  return seen;
}

/** A message of rustc's about a unit. The shim adds whether the unit is a test harness, which cargo does not say. */
const UnitDiagnostic = z.intersection(Diagnostic, z.looseObject({ [HARNESS_MARK]: z.boolean().optional() }));

/** The messages of `--message-format=json` that are used here. */
export const Message = z.discriminatedUnion("reason", [
  z.looseObject({
    reason: z.literal("compiler-artifact"),
    package_id: z.string(),
    manifest_path: z.string(),
    target: Target,
    profile: z.looseObject({ test: z.boolean() }),
    filenames: z.array(z.string()),
    executable: z.string().nullable(),
    /** cargo had nothing to do; what it says of the unit was said when it was compiled. */
    fresh: z.boolean(),
  }),
  z.looseObject({
    reason: z.literal("compiler-message"),
    package_id: z.string(),
    target: Target,
    message: UnitDiagnostic,
  }),
  z.looseObject({
    reason: z.literal("build-script-executed"),
    package_id: z.string(),
    linked_libs: z.array(z.string()),
    linked_paths: z.array(z.string()),
    out_dir: z.string(),
  }),
  z.looseObject({ reason: z.literal("build-finished"), success: z.boolean() }),
]);
export type Message = z.infer<typeof Message>;
export type Artifact = Extract<Message, { reason: "compiler-artifact" }>;
export type BuildScript = Extract<Message, { reason: "build-script-executed" }>;

/** A line of cargo's standard output as a message; undefined for anything else. */
export function parseMessage(line: string): Message | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const parsed = Message.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** What a build script's `output` file asks to pass to the linker of a package's programs. */
export function parseLinkArguments(output: string): string[] {
  return output.split("\n").flatMap((line) => /^cargo::?rustc-link-arg=(.*)$/.exec(line.trimEnd())?.[1] ?? []);
}

/** What a build script's `output` file asks to be rerun for. */
export interface RerunIf {
  readonly paths: readonly string[];
  readonly variables: readonly string[];
}

/** Parses `cargo:rerun-if-…` lines. Paths are relative to the package. */
export function parseRerunIf(output: string, packageDir: string): RerunIf {
  const paths: string[] = [];
  const variables: string[] = [];
  for (const line of output.split("\n")) {
    const match = /^cargo::?rerun-if-(changed|env-changed)=(.*)$/.exec(line.trimEnd());
    if (match === null) continue;
    const value = match[2] ?? "";
    if (match[1] === "changed") paths.push(path.resolve(packageDir, value));
    else variables.push(value);
  }
  return { paths, variables };
}
