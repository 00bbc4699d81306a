/** Compiles a patch crate: the edited functions alone, against the twin of the crate that they belong to. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Diagnostic } from "../../../../../shared/src/report.js";
import { bitcodeFiles, keepBitcode, parseDiagnostic } from "../../compile.js";
import { run } from "../../process.js";
import { type UnitRecord, unitEnvironment } from "../../unit.js";
import type { EditedFile } from "../lane.js";
import { deniedByDefault, lintArgs } from "../lints.js";
import { Mirror } from "../mirror.js";
import { commonAncestor } from "../remap.js";
import type { SourceCache } from "../source.js";
import { crateArgs } from "./commands.js";
import { allMacros, factsOf } from "./facts.js";
import { type PatchedFile, TWIN, Unpatchable, patchTexts } from "./text.js";
import { moduleTree } from "./tree.js";
import { type Twin, isAbsentFromTwin } from "./twin.js";

export interface PatchOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Lints that the sources deny. */
  readonly denied: readonly string[];
  readonly isNoStd: boolean;
}

/** The patch crate's bitcode; or why there is none, and what rustc says. */
export type CompiledPatch =
  { readonly ok: true; readonly bitcode: readonly string[] } | { readonly ok: false; readonly refused: string };

/** Compiles the edited functions. Rejects with `Cancelled`. */
export async function compilePatch(
  directory: string,
  record: UnitRecord,
  twin: Twin,
  edited: readonly EditedFile[],
  cache: SourceCache,
  options: PatchOptions,
): Promise<CompiledPatch> {
  const { invocation } = record;
  const original = commonAncestor([invocation.cwd, ...[...twin.facts.keys()].map((file) => path.dirname(file))]);
  const mirror = new Mirror(path.join(directory, "source"), original);
  try {
    write(
      mirror,
      invocation.cwd,
      patchTexts(patchedFiles(twin, edited, cache), [...twin.facts.values()].flatMap(allMacros)),
    );
  } catch (error) {
    if (error instanceof Unpatchable) return { ok: false, refused: error.message };
    throw error;
  }
  const out = path.join(directory, "out");
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out, { recursive: true });
  const env = unitEnvironment(invocation, options.env);
  const byDefault = await deniedByDefault(invocation.command, invocation.cwd, env);
  const args = crateArgs(record, mirror, {
    directory,
    out,
    metadata: undefined,
    incrementalDir: undefined,
    crateType: options.isNoStd ? "lib" : "staticlib",
    metadataSuffix: "-patch",
    // All of it is wanted, and it is little.
    extra: [
      "-Ccodegen-units=1",
      `--extern=${TWIN}=${twin.metadata}`,
      ...lintArgs(invocation.args, options.denied, byDefault),
    ],
  });
  const diagnostics: Diagnostic[] = [];
  const exit = await run([...invocation.command, ...args], {
    cwd: mirror.pathOf(invocation.cwd),
    env,
    signal: options.signal,
    onStderr: (line) => {
      const diagnostic = parseDiagnostic(line);
      if (diagnostic !== undefined) diagnostics.push(diagnostic);
    },
  });
  const error = diagnostics.find(({ level }) => level.startsWith("error"));
  if (exit.code !== 0) return { ok: false, refused: error?.message ?? "rustc failed" };
  // Only lints that are errors report, and the edited functions are all that there is.
  if (diagnostics.length > 0) return { ok: false, refused: "a denied lint reports" };
  return { ok: true, bitcode: bitcodeFiles(keepBitcode(directory, out)) };
}

/** Throws `Unpatchable`. */
function patchedFiles(twin: Twin, edited: readonly EditedFile[], cache: SourceCache): PatchedFile[] {
  const sources = new Map(edited.map(({ file, text }) => [file, cache.get(file, text)]));
  const fresh = new Map(
    [...sources].map(([file, { text, root }]) => {
      const facts = factsOf(text, root);
      if (typeof facts === "string") throw new Unpatchable(facts);
      return [file, facts];
    }),
  );
  const tree = moduleTree(twin.root, (file) => fresh.get(file) ?? twin.facts.get(file));
  return edited.map(({ file, functions }) => {
    const [source, steps] = [sources.get(file), tree.get(file)];
    if (source === undefined || steps === undefined) throw new Unpatchable("a file whose module is not known");
    for (const fn of functions) {
      if (!isAbsentFromTwin(fn)) throw new Unpatchable("a function that other crates may instantiate");
      if (fn.hasItems) throw new Unpatchable("items in the body");
    }
    return { source, functions, steps };
  });
}

function write(mirror: Mirror, cwd: string, texts: ReadonlyMap<string, string>): void {
  mirror.sync([...texts.keys()], [cwd]);
  for (const [file, text] of texts) mirror.write(file, text);
}
