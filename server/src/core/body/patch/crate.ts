/** Compiles a patch crate: the edited functions alone, against the twin of the crate that they belong to. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
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
import { wordsIn } from "./imports.js";
import { mayBeOwn, namesOfOthers } from "./privacy.js";
import { type PatchedFile, TWIN, patchTexts } from "./text.js";
import { moduleTree, stepsAt } from "./tree.js";
import { type Twin, isPatchable } from "./twin.js";
import { Unpatchable } from "./unpatchable.js";

export interface PatchOptions {
  /** Whether a source may be read as data, too, so that it must be found with its own text. */
  readonly isReadAsData: (file: string) => boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Lints that the sources deny. */
  readonly denied: readonly string[];
  readonly isNoStd: boolean;
}

/** An edited file, and its text as the crate lane compiled it. */
export interface PatchedEdit extends EditedFile {
  readonly before: string;
}

/** The patch crate's bitcode; or why there is none, and what rustc says. */
export type CompiledPatch =
  { readonly ok: true; readonly bitcode: readonly string[] } | ({ readonly ok: false } & PatchRefusal);

/** Why there is no patch. */
export interface PatchRefusal {
  /** For people, and for counting. */
  readonly refused: string;
  /** It took a run of rustc to find out. */
  readonly isTried: boolean;
  /** It is the edit, which an overlay would not make another one. */
  readonly isFinal?: boolean;
}

/** Compiles the edited functions. Rejects with `Cancelled`. */
export async function compilePatch(
  directory: string,
  record: UnitRecord,
  twin: Twin,
  edited: readonly PatchedEdit[],
  cache: SourceCache,
  options: PatchOptions,
): Promise<CompiledPatch> {
  const { invocation } = record;
  const original = commonAncestor([invocation.cwd, ...[...twin.facts.keys()].map((file) => path.dirname(file))]);
  const mirror = new Mirror(path.join(directory, "source"), original);
  try {
    const macros = [...twin.facts.values()].flatMap(allMacros);
    const crates = new Set([...STANDARD, ...record.externs.map(({ name }) => name)]);
    const texts = patchTexts(patchedFiles(twin, edited, cache, crates), macros);
    if ([...texts.keys()].some(options.isReadAsData)) throw new Unpatchable("a source that is read as data, too");
    write(mirror, invocation.cwd, texts);
  } catch (error) {
    if (error instanceof Unpatchable) return { ok: false, refused: error.message, isTried: false };
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
  if (exit.code !== 0) return { ok: false, refused: error?.message ?? "rustc failed", isTried: true };
  // Only lints that are errors report at all.
  const isAboutEdit = (diagnostic: Diagnostic): boolean => edited.some((edit) => isIn(diagnostic, edit, mirror));
  if (diagnostics.some(isAboutEdit)) return { ok: false, refused: "a denied lint reports", isTried: true };
  return { ok: true, bitcode: bitcodeFiles(keepBitcode(directory, out)) };
}

/** Crates that every crate may name. */
const STANDARD = ["std", "core", "alloc"];

/** `crates`: those that paths may begin with. Throws `Unpatchable`. */
function patchedFiles(
  twin: Twin,
  edited: readonly PatchedEdit[],
  cache: SourceCache,
  crates: ReadonlySet<string>,
): PatchedFile[] {
  const sources = new Map(edited.map(({ file, text }) => [file, cache.get(file, text)]));
  const fresh = new Map(
    [...sources].map(([file, { text, root }]) => {
      const facts = factsOf(text, root);
      if (typeof facts === "string") throw new Unpatchable(facts);
      return [file, facts];
    }),
  );
  const tree = moduleTree(twin.root, (file) => fresh.get(file) ?? twin.facts.get(file));
  const all = [...new Map([...twin.facts, ...fresh]).values()];
  // Bodies name the same few crates again and again, and all imports of the crate have to be looked through for each.
  const known = new Map<string, boolean>();
  const isCrate = (name: string): boolean => {
    const found = known.get(name) ?? (crates.has(name) && !all.some((facts) => mayBeOwn(name, facts)));
    known.set(name, found);
    return found;
  };
  return edited.map(({ file, functions, before }) => {
    const words = new Set(wordsIn(before));
    const [source, steps] = [sources.get(file), tree.get(file)];
    if (source === undefined || steps === undefined) throw new Unpatchable("a file whose module is not known");
    for (const fn of functions) {
      if (!isPatchable(fn)) throw new Unpatchable("a function that other crates may instantiate");
      if (fn.hasItems) throw new Unpatchable("items in the body");
      const body = source.text.slice(fn.body.start, fn.body.end);
      if (/\binclude(_str|_bytes)?\s*!/.test(body)) throw new Unpatchable("a macro that reads a file");
      // rustc cannot tell whether it may be used, since everything is public to it.
      const hasGlobs = stepsAt(steps, fn.span.start).at(-1)?.facts.hasGlobImports !== false;
      for (const use of namesOfOthers(body, { hasGlobs, isCrate })) {
        if (twin.restricted.has(use) && !words.has(use.slice(use.indexOf(" ") + 1)))
          throw new Unpatchable("a name that may be private, and is new to its file");
      }
    }
    return { source, functions, steps };
  });
}

const Spans = z.object({
  spans: z.array(z.object({ file_name: z.string(), line_start: z.number(), is_primary: z.boolean() })),
});

/** Whether a diagnostic is about one of a file's edited functions, whose lines are the original's. */
function isIn(diagnostic: Diagnostic, { file, functions }: EditedFile, mirror: Mirror): boolean {
  const parsed = Spans.safeParse(diagnostic);
  return (parsed.data?.spans ?? []).some(({ file_name, line_start, is_primary }) => {
    // The remapped name.
    const isHere = is_primary && (file_name === file || mirror.pathOf(file).endsWith(`/${file_name}`));
    return isHere && functions.some(({ line, endLine }) => line <= line_start && line_start <= endLine);
  });
}

function write(mirror: Mirror, cwd: string, texts: ReadonlyMap<string, string>): void {
  mirror.sync([...texts.keys()], [cwd]);
  for (const [file, text] of texts) mirror.write(file, text);
}
