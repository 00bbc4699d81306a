/**
 * The scripts that cargo calls during a capture: in rustc's place (`RUSTC_WRAPPER`), as the runner of programs and
 * tests, and in rustdoc's place. cargo itself so tells us each unit's arguments, and each program's environment.
 *
 * A start of node costs 40 ms, so a shell decides what is none of our business: registry crates, build scripts,
 * questions such as `rustc -vV`.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { readText, writeAtomic, writeIfChanged } from "../support/files.js";
import type { Layout } from "../support/layout.js";
import { shellQuote } from "../support/shell.js";

/** The field by which the shim marks the diagnostics of test harnesses. */
export const HARNESS_MARK = "cranefly_harness";

/** Why a program with such a library cannot be built here; said by the metadata's reader or a shim, whichever finds it first. */
export function dynamicLibraryReason(name: string): string {
  return `${name} is a Rust dynamic library (crate-type dylib) that not only programs link to, which is not supported`;
}

/** What the shims have to know; written before cargo starts. */
export const ShimContext = z.object({
  root: z.string(),
  /** The environment that cranefly was started in. */
  env: z.record(z.string(), z.string()),
  /** Directories of packages whose libraries are linked natively as well. */
  needsRlib: z.array(z.string()),
  /** The packages' build scripts, as cargo tells them: by source file without links, and by crate. */
  buildScripts: z.array(z.object({ source: z.string(), crate: z.string() })),
  /** Crates that can only be linked as Rust dynamic libraries. */
  dynamicCrates: z.array(z.string()),
  /** The target triple. */
  host: z.string(),
});
export type ShimContext = z.infer<typeof ShimContext>;

/** What a shim reports back, one line each in the order of the calls. */
export const ShimEvent = z.discriminatedUnion("kind", [
  /** A unit was compiled to bitcode. */
  z.object({ kind: z.literal("unit"), key: z.string(), id: z.string(), ms: z.number() }),
  /** cargo would now start a program. */
  z.object({
    kind: z.literal("run"),
    executable: z.string(),
    isRelative: z.boolean(),
    cwd: z.string(),
    env: z.record(z.string(), z.string().nullable()),
    /** What cargo put in front of the dynamic loader's search path. */
    libraryPath: z.array(z.string()),
  }),
  /** The build was ended: Cranefly cannot do what it asks for. */
  z.object({ kind: z.literal("refused"), reason: z.string() }),
  /** cargo would now run a library's documentation tests. */
  z.object({ kind: z.literal("doc"), crate: z.string() }),
]);
export type ShimEvent = z.infer<typeof ShimEvent>;

export interface Shims {
  readonly rustc: string;
  readonly runner: string;
  readonly rustdoc: string;
}

/** Writes the scripts for a capture. `packageDirs`: the packages whose units are captured. */
export function writeShims(
  layout: Layout,
  bundle: string,
  packageDirs: readonly string[],
  userWrapper: string | undefined,
  context: ShimContext,
): Shims {
  fs.mkdirSync(layout.shims, { recursive: true });
  writeAtomic(layout.context, JSON.stringify(context));
  fs.writeFileSync(layout.events, "");
  const node = shellQuote(process.execPath);
  // Shells drop variables whose names are no identifiers, such as CARGO_BIN_EXE_a-b. `exec` keeps the process number.
  const keep = `(umask 077; cat /proc/$$/environ >${shellQuote(layout.environment(""))}$$)`;
  // An editor's executable behaves as node only with this variable.
  const asNode = process.versions["electron"] === undefined ? "" : "export ELECTRON_RUN_AS_NODE=1; ";
  const call = (mode: string): string =>
    `${keep}; ${asNode}exec ${node} ${shellQuote(bundle)} ${mode} ${shellQuote(layout.context)}`;
  const question = `(${asNode}exec ${node} ${shellQuote(bundle)} question ${shellQuote(layout.context)}`;
  const plain = userWrapper === undefined ? 'exec "$@"' : `exec ${shellQuote(userWrapper)} "$@"`;
  const shims: Shims = {
    rustc: path.join(layout.shims, "rustc"),
    runner: path.join(layout.shims, "runner"),
    rustdoc: path.join(layout.shims, "rustdoc"),
  };
  const wrapperArgument = shellQuote(userWrapper ?? "");
  const script = [
    "#!/bin/sh",
    "# Written by Cranefly: compiles the workspace's own crates to bitcode, everything else as usual.",
    'if [ -n "$CARGO_CRATE_NAME" ]; then',
    '  case "$CARGO_MANIFEST_DIR" in',
    ...packageDirs.map((directory) => `    ${shellQuote(directory)}) ${call("rustc")} ${wrapperArgument} "$@" ;;`),
    "  esac",
    // (Of a dynamic library a program links what is made with it here.)
    '  case " $* " in',
    '    *" --crate-type lib "* | *" --crate-type rlib "* | *" --crate-type proc-macro "*) ;;',
    '    *" --crate-type dylib "*) set -- "$@" --crate-type rlib ;;',
    "  esac",
    // cargo asks what RUSTFLAGS make of the target before it builds anything. (A build script's own cargo is none of ours.)
    'elif [ -z "$CARGO_MANIFEST_DIR" ]; then',
    '  case " $* " in',
    `    *" --crate-name ___ "*) ${question} "$@") || exit 101 ;;`,
    "  esac",
    "fi",
    plain,
    "",
  ].join("\n");
  writeIfChanged(shims.rustc, script, 0o755);
  writeIfChanged(shims.runner, `#!/bin/sh\n${call("run")} "$@"\n`, 0o755);
  writeIfChanged(shims.rustdoc, `#!/bin/sh\n${call("doc")} "$@"\n`, 0o755);
  return shims;
}

/** The shims' reports of the capture that has just run. */
export function readEvents(layout: Layout): ShimEvent[] {
  return (readText(layout.events) ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ShimEvent.parse(JSON.parse(line)));
}
