/** Compiles a patch crate: the edited functions and new items alone, against the twin of the crate that they belong to. */
import * as path from "node:path";
import * as z from "zod";
import type { BitcodeFile } from "../../../../../shared/src/protocol.js";
import type { Diagnostic } from "../../../../../shared/src/report.js";
import type { UnitRecord } from "../../units/record.js";
import type { BodyEdit } from "../../edits/baseline.js";
import { areOwn, deniesItems, lintArgs } from "../mirror/lints.js";
import { Mirror } from "../mirror/mirror.js";
import { commonAncestor } from "../../support/files.js";
import { LexError } from "../../source/lexer.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { type LaneOptions, type MirrorCrate, collectDiagnostics, compileMirror } from "../mirror/compileMirror.js";
import { fileNamed, offsetAt, primaryPlace } from "./rustcPlaces.js";
import { MARKED_LINT, isWithin, markedUse } from "./privacy.js";
import { TWIN } from "./patchText.js";
import type { PatchText } from "./patchedModule.js";
import { inspectArgs } from "../../units/arguments.js";
import { type Exports, linkName } from "./foreign.js";
import { PatchPlan, type PlanOptions } from "./patchPlan.js";
import type { Twin } from "./twin.js";
import { Refusal, Refused, refuse } from "../../edits/refusal.js";

export interface PatchOptions extends LaneOptions, PlanOptions {
  /** Whether a source may be read as data, too, so that it must be found with its own text. */
  readonly isReadAsData: (file: string) => boolean;
  /** Lints that the sources deny. */
  readonly denied: readonly string[];
  readonly isNoStd: boolean;
}

/** The patch crate's bitcode; or why there is none, and what rustc says. */
export type CompiledPatch =
  | {
      readonly ok: true;
      readonly bitcode: readonly BitcodeFile[];
      /** The edits, with the functions that came along. */
      readonly edits: readonly BodyEdit[];
      /** See `AffectedEdits`. */
      readonly leavesSome: boolean;
      /** What crates that use this one are to be compiled with; undefined when that is nothing. */
      readonly exports: Exports | undefined;
      /** See `BodyLaneParams`. */
      readonly goneTests: readonly string[] | undefined;
    }
  | ({ readonly ok: false } & PatchRefusal);

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
  edits: readonly BodyEdit[],
  cache: SourceCache,
  options: PatchOptions,
): Promise<CompiledPatch> {
  const { invocation } = record;
  const original = commonAncestor([invocation.cwd, ...[...twin.facts.keys()].map((file) => path.dirname(file))]);
  const mirror = new Mirror(path.join(directory, "source"), original);
  try {
    const plan = await PatchPlan.make(directory, record, twin, edits, cache, options);
    const changes = edits.flatMap(({ items }) => items);
    if (changes.length > 0 && deniesItems(record, options.denied, changes)) {
      return { ok: false, refused: new Refusal("deniedItemLint"), isTried: false };
    }
    const { link } = options;
    const isExporter = link !== undefined && (plan.exported.length > 0 || link.isFacade);
    const metadata = path.join(directory, `lib${inspectArgs(invocation.args).crate}-patch.rmeta`);
    const links = (link?.exports ?? []).map((it, number) => `--extern=${linkName(number)}=${it.metadata}`);
    const hasOwnItems = changes.length > 0 && areOwn(changes);
    const lints = lintArgs(record, options.denied, twin.deniedByDefault, hasOwnItems);
    const crate: MirrorCrate = {
      mirror,
      directory,
      metadata: isExporter ? metadata : undefined,
      incrementalDir: undefined,
      // (What others are compiled with is to be there whether this crate calls it or not.)
      crateType: () => (options.isNoStd || isExporter ? "lib" : "staticlib"),
      isLibrary: plan.tests === undefined,
      metadataSuffix: "-patch",
      // All of the crate is used, and it is small: one codegen unit is the fastest.
      extra: [
        "-Ccodegen-units=1",
        ...[`--extern=${TWIN}=${twin.metadata}`, ...links],
        ...new Set([...lints, MARKED_LINT, ...(links.length === 0 ? [] : [`--force-warn=${AMBIGUOUS}`])]),
      ],
    };
    for (let round = 1; ; round++) {
      const attempt = await compileOnce(record, crate, plan, lints, options);
      if (attempt.ok) {
        const { ok, bitcode, traits } = attempt;
        const { exported: changes, names, members, edits: all, leavesSome } = plan;
        const exports = isExporter ? { changes, names, metadata, traits, members } : undefined;
        return { ok, bitcode, edits: all, leavesSome, exports, goneTests: plan.tests?.gone };
      }
      const isOther = (it: Diagnostic): boolean => restoreName(it, plan, mirror) || leaveOut(it, plan);
      if (round >= MAX_ROUNDS || attempt.diagnostics.filter(isOther).length === 0) return attempt;
    }
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refused: error.refusal, isTried: false };
    if (error instanceof LexError)
      return { ok: false, refused: new Refusal("unreadable", error.message), isTried: false };
    throw error;
  }
}

/** How often a patch crate is compiled until all names in it mean what they do in the crate. */
const MAX_ROUNDS = 6;

type Attempt =
  | { readonly ok: true; readonly bitcode: readonly BitcodeFile[]; readonly traits: readonly string[] }
  | ({ readonly ok: false; readonly diagnostics: readonly Diagnostic[] } & PatchRefusal);

async function compileOnce(
  record: UnitRecord,
  crate: MirrorCrate,
  plan: PatchPlan,
  lints: readonly string[],
  options: PatchOptions,
): Promise<Attempt> {
  const { mirror } = crate;
  const { edits } = plan;
  const { files: texts, traits } = plan.texts();
  if ([...texts.keys()].some(options.isReadAsData)) refuse("readAsData");
  mirror.sync([...texts.keys()], [record.invocation.cwd]);
  for (const [file, { text }] of texts) mirror.write(file, text);
  const diagnostics: Diagnostic[] = [];
  const { exit, keep } = await compileMirror(record, crate, options, collectDiagnostics(diagnostics));
  const error = diagnostics.find(({ level }) => level.startsWith("error"));
  const mistake = { ok: false, isTried: true, isMistake: true, diagnostics } as const;
  if (exit.code !== 0) return { ...mistake, refused: new Refusal("patchError", codeOf(error) ?? "no error code") };
  const isLinked = options.link !== undefined && options.link.exports.length > 0;
  if (isLinked && diagnostics.some((diagnostic) => codeOf(diagnostic) === AMBIGUOUS)) {
    return { ok: false, refused: new Refusal("ambiguousName"), isTried: true, diagnostics };
  }
  if (diagnostics.some((diagnostic) => isMisuse(diagnostic, record.invocation.key, texts, mirror))) {
    return { ok: false, refused: new Refusal("privacy"), isTried: true, diagnostics };
  }
  // Only lints that are errors report at all, and the one that we asked for.
  const isError = (diagnostic: Diagnostic): boolean =>
    codeOf(diagnostic) !== "deprecated" || mayReportDeprecated(lints);
  const isAboutEdit = (diagnostic: Diagnostic): boolean =>
    markedUse(diagnostic) === undefined && isError(diagnostic) && edits.some((edit) => isIn(diagnostic, edit, mirror));
  if (diagnostics.some(isAboutEdit)) return { ...mistake, refused: new Refusal("patchLint") };
  return { ok: true, bitcode: keep().files, traits };
}

/**
 * A name that two glob imports of another crate bring, such as those of a patch crate and of its twin: rustc takes the first one, and says
 * no more than this.
 */
const AMBIGUOUS = "ambiguous_glob_imports";

/** The lint, or the error's number. */
function codeOf(diagnostic: Diagnostic | undefined): string | undefined {
  return Code.safeParse(diagnostic).data?.code.code;
}

/** Errors by which rustc says that there is nothing of a name: a method, an associated item, a name in a path, an import. */
const UNKNOWN_NAME = new Set(["E0599", "E0576", "E0425", "E0433", "E0432", "E0407", "E0531", "E0532"]);

/** Has a name given back that rustc does not know. */
function restoreName(diagnostic: Diagnostic, plan: PatchPlan, mirror: Mirror): boolean {
  if (!UNKNOWN_NAME.has(codeOf(diagnostic) ?? "")) return false;
  const place = primaryPlace(diagnostic);
  const files = plan.edits.map(({ file }) => file);
  const file = place === undefined ? undefined : fileNamed(place.file, files, mirror);
  if (place === undefined || file === undefined) return false;
  return plan.restoreName(file, (text) => offsetAt(text, place.line, place.column), diagnostic.message);
}

/** What rustc calls a thing that is no trait, and that has no names in it, where it is private. */
const PRIVATE_THING =
  /^(?:static|constant|function|struct|enum|union|type alias|unit struct|tuple struct(?: constructor)?) `(\w+)` is private$/;

/** Has a name imported no more that is private in the twin. */
function leaveOut(diagnostic: Diagnostic, plan: PatchPlan): boolean {
  const [, name] = PRIVATE_THING.exec(diagnostic.message) ?? [];
  return codeOf(diagnostic) === "E0603" && name !== undefined && plan.leaveOut(name);
}

/** Whether lint options make uses of what others call deprecated errors. */
function mayReportDeprecated(lints: readonly string[]): boolean {
  return lints.some((lint) => lint === MARKED_LINT || lint === "--cap-lints=warn");
}

/** Whether rustc tells of the use of something that is private to others in the crate itself, or to another crate. */
function isMisuse(
  diagnostic: Diagnostic,
  unit: string,
  texts: ReadonlyMap<string, PatchText>,
  mirror: Mirror,
): boolean {
  const use = markedUse(diagnostic);
  if (use === undefined) return false;
  if (use.unit !== unit) return true;
  const patch = texts.get(fileNamed(use.file, texts.keys(), mirror) ?? "");
  return patch === undefined || !isWithin(patch.moduleAt(offsetAt(patch.text, use.line, use.column)), use.scope);
}

const Code = z.object({ code: z.object({ code: z.string() }) });
const Spans = z.object({
  spans: z.array(z.object({ file_name: z.string(), line_start: z.number(), is_primary: z.boolean() })),
});

/** Whether a diagnostic is about one of a file's edited functions, whose lines are the original's. */
function isIn(diagnostic: Diagnostic, { file, functions, items }: BodyEdit, mirror: Mirror): boolean {
  const parsed = Spans.safeParse(diagnostic);
  return (parsed.data?.spans ?? []).some(({ file_name, line_start, is_primary }) => {
    // The remapped name.
    const isHere = is_primary && (file_name === file || mirror.pathOf(file).endsWith(`/${file_name}`));
    const lines = [
      ...functions.map(({ line, endLine }) => [line, endLine] as const),
      ...items.flatMap(({ after }) => (after === undefined ? [] : [after.lines])),
    ];
    return isHere && lines.some(([first, last]) => first <= line_start && line_start <= last);
  });
}
