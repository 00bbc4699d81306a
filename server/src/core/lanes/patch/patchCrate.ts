/** Compiles a patch crate: the edited functions alone, against the twin of the crate that they belong to. */
import * as path from "node:path";
import * as z from "zod";
import type { BitcodeFile } from "../../../../../shared/src/protocol.js";
import type { Diagnostic } from "../../../../../shared/src/report.js";
import type { UnitRecord } from "../../units/record.js";
import type { EditedFile } from "../../edits/baseline.js";
import { unitLints } from "../mirror/lints.js";
import { Mirror } from "../mirror/mirror.js";
import { commonAncestor } from "../../support/files.js";
import type { BodyRef } from "../../source/functions.js";
import type { Source, SourceCache } from "../../source/sourceCache.js";
import { type LaneOptions, type MirrorCrate, collectDiagnostics, compileMirror } from "../mirror/compileMirror.js";
import { allMacros, factsOf } from "./moduleFacts.js";
import { fileNamed, offsetAt } from "./rustcPlaces.js";
import { MARKED_LINT, isWithin, markedUse, meansOthers } from "./privacy.js";
import { type PatchText, type PatchedFile, TWIN, patchTexts } from "./patchText.js";
import { moduleTree, pathOf, stepsAt } from "./moduleTree.js";
import { type Twin, isPatchable } from "./twin.js";
import { Refusal, Refused, refuse } from "../../edits/refusal.js";

export interface PatchOptions extends LaneOptions {
  /** Whether a source may be read as data, too, so that it must be found with its own text. */
  readonly isReadAsData: (file: string) => boolean;
  /** Lints that the sources deny. */
  readonly denied: readonly string[];
  readonly isNoStd: boolean;
}

/** The patch crate's bitcode; or why there is none, and what rustc says. */
export type CompiledPatch =
  { readonly ok: true; readonly bitcode: readonly BitcodeFile[] } | ({ readonly ok: false } & PatchRefusal);

/** Why there is no patch crate. */
export interface PatchRefusal {
  readonly refused: Refusal;
  /** It took a run of rustc to find out. */
  readonly isTried: boolean;
  /** rustc reports an error, which may be the user's mistake. */
  readonly isMistake?: boolean;
  /** An overlay would be refused for the same reason. */
  readonly isFinal?: boolean;
}

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
  let texts: ReadonlyMap<string, PatchText>;
  try {
    const macros = [...twin.facts.values()].flatMap(allMacros);
    texts = patchTexts(patchedFiles(twin, edited, cache), macros);
    if ([...texts.keys()].some(options.isReadAsData)) refuse("readAsData");
    write(mirror, invocation.cwd, texts);
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refused: error.refusal, isTried: false };
    throw error;
  }
  const lints = await unitLints(record, options.denied, options.env);
  const diagnostics: Diagnostic[] = [];
  const crate: MirrorCrate = {
    mirror,
    directory,
    metadata: undefined,
    incrementalDir: undefined,
    crateType: () => (options.isNoStd ? "lib" : "staticlib"),
    isLibrary: true,
    metadataSuffix: "-patch",
    // All of the crate is used, and it is small: one codegen unit is the fastest.
    extra: ["-Ccodegen-units=1", `--extern=${TWIN}=${twin.metadata}`, ...new Set([...lints, MARKED_LINT])],
  };
  const { exit, keep } = await compileMirror(record, crate, options, collectDiagnostics(diagnostics));
  const error = diagnostics.find(({ level }) => level.startsWith("error"));
  const mistake = { ok: false, isTried: true, isMistake: true } as const;
  if (exit.code !== 0) return { ...mistake, refused: new Refusal("patchError", codeOf(error) ?? "no error code") };
  if (diagnostics.some((diagnostic) => isMisuse(diagnostic, texts, mirror))) {
    return { ok: false, refused: new Refusal("privacy"), isTried: true };
  }
  // Only lints that are errors report at all, and the one that we asked for.
  const isError = (diagnostic: Diagnostic): boolean =>
    codeOf(diagnostic) !== "deprecated" || mayReportDeprecated(lints);
  const isAboutEdit = (diagnostic: Diagnostic): boolean =>
    markedUse(diagnostic) === undefined && isError(diagnostic) && edited.some((edit) => isIn(diagnostic, edit, mirror));
  if (diagnostics.some(isAboutEdit)) return { ...mistake, refused: new Refusal("patchLint") };
  return { ok: true, bitcode: keep().files };
}

/** The lint, or the error's number. */
function codeOf(diagnostic: Diagnostic | undefined): string | undefined {
  return Code.safeParse(diagnostic).data?.code.code;
}

/** Whether lint options make uses of what others call deprecated errors. */
function mayReportDeprecated(lints: readonly string[]): boolean {
  return lints.some((lint) => lint === MARKED_LINT || lint === "--cap-lints=warn");
}

/** Whether rustc tells of the use of something that is private to others in the crate itself. */
function isMisuse(diagnostic: Diagnostic, texts: ReadonlyMap<string, PatchText>, mirror: Mirror): boolean {
  const use = markedUse(diagnostic);
  if (use === undefined) return false;
  const patch = texts.get(fileNamed(use.file, texts.keys(), mirror) ?? "");
  return patch === undefined || !isWithin(patch.moduleAt(offsetAt(patch.text, use.line, use.column)), use.scope);
}

/** Throws `Refused`. */
function patchedFiles(twin: Twin, edited: readonly EditedFile[], cache: SourceCache): PatchedFile[] {
  const sources = new Map(edited.map(({ file, text }) => [file, cache.get(file, text)]));
  const fresh = new Map(
    [...sources].map(([file, { text, root }]) => {
      const facts = root === undefined ? new Refusal("twinUnparsed") : factsOf(text, root);
      if (facts instanceof Refusal) throw new Refused(facts);
      return [file, facts];
    }),
  );
  const tree = moduleTree(twin.root, (file) => fresh.get(file) ?? twin.facts.get(file));
  return edited.map(({ file, functions }) => {
    const [source, own] = [sources.get(file), tree.get(file)];
    if (source === undefined || own === undefined) refuse("unknownModule");
    for (const fn of functions) {
      if (!isPatchable(fn)) refuse("instantiable");
      if (fn.hasItems) refuse("bodyItems");
      const body = source.text.slice(fn.body.start, fn.body.end);
      if (/\binclude(_str|_bytes)?\s*!/.test(body)) refuse("includeMacro");
      const steps = stepsAt(own, fn.span.start);
      const facts = steps.at(-1)?.facts;
      const text = source.text.slice(fn.span.start, fn.span.end);
      if (facts === undefined || meansOthers(text, selfOf(source, fn), pathOf(steps), facts, twin.restricted)) {
        refuse("mayBePrivate");
      }
    }
    return { source, functions, steps: own };
  });
}

/** The last name of the type that a function is a method of. */
function selfOf(source: Source, { body }: BodyRef): string {
  const impl = source.bodyNode(body.start)?.parent?.parent?.parent;
  const type = impl?.type === "impl_item" ? impl.childForFieldName("type") : undefined;
  if (type === undefined || type === null) return "";
  const words = source.text.slice(type.startIndex, type.endIndex).split("<")[0]?.match(/\w+/g);
  return words?.at(-1) ?? "";
}

const Code = z.object({ code: z.object({ code: z.string() }) });
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

function write(mirror: Mirror, cwd: string, texts: ReadonlyMap<string, PatchText>): void {
  mirror.sync([...texts.keys()], [cwd]);
  for (const [file, { text }] of texts) mirror.write(file, text);
}
