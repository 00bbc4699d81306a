/**
 * Whether the users of a library that was compiled again have to be compiled, too: for the crate lane, which asks when rustc is done.
 *
 * The library's new metadata is another one after every edit. What decides is what was edited, and that nothing else has changed that it
 * was compiled of: other files, variables, the libraries that it uses, and those that it loads.
 */
import * as path from "node:path";
import { Refusal } from "../edits/refusal.js";
import { unseenEdit } from "../edits/seen.js";
import { MacroOrigins } from "../source/macroOrigins.js";
import { SourceCache } from "../source/sourceCache.js";
import { isParserFailure } from "../source/grammar.js";
import type { UnseenChange } from "../units/compile.js";
import { compiledText } from "../units/compiledTexts.js";
import { inspectArgs } from "../units/arguments.js";
import { type AskOptions, loadsTheSame } from "../units/loadedCrates.js";
import type { UnitRecord } from "../units/record.js";
import { readText } from "../support/files.js";
import { readSource } from "../source/sourceText.js";
import type { Layout } from "../support/layout.js";
import type { Stamp } from "../support/stamps.js";
import { unsuitableUnit } from "./choice.js";

/** What is asked in one run of the crate lane. */
export interface Asking extends AskOptions {
  /** Whether somebody has the users compiled in time, so that lines that have moved may wait for that. */
  readonly mayMove: boolean;
  /** Hears why a library's users have to be compiled. */
  readonly onSeen: (key: string, what: string) => void;
}

export class Interfaces {
  private opened: Promise<SourceCache> | undefined;

  /** `bundleDir`: where the grammar's files lie. */
  constructor(private readonly bundleDir: string) {}

  dispose(): void {
    this.opened?.then(
      (sources) => sources.dispose(),
      () => undefined,
    );
    this.opened = undefined;
  }

  /** For one run of the crate lane. */
  asked(layout: Layout, options: Asking): UnseenChange {
    return async (before, made, metadata) => {
      const unseen = await this.compare(layout, before, made);
      const { key } = made.invocation;
      if (unseen instanceof Refusal) options.onSeen(key, unseen.text);
      else if (unseen.moved && !options.mayMove) options.onSeen(key, new Refusal("movedLines").text);
      else if (await loadsTheSame(layout, before, made, metadata, options)) return unseen;
      else options.onSeen(key, new Refusal("otherCrates").text);
      return undefined;
    };
  }

  private async compare(
    layout: Layout,
    before: UnitRecord,
    made: UnitRecord,
  ): Promise<{ readonly moved: boolean } | Refusal> {
    const other = unsuitableUnit(made) ?? otherInputs(before, made);
    if (other !== undefined) return other;
    this.opened ??= SourceCache.create(this.bundleDir);
    const sources = await this.opened;
    try {
      return compareTexts(sources, layout, before, made);
    } catch (error) {
      if (!isParserFailure(error)) throw error;
      sources.lose(error);
      return new Refusal("parserFailed");
    }
  }
}

/** What has changed besides the texts of sources. */
function otherInputs(before: UnitRecord, made: UnitRecord): Refusal | undefined {
  const rest = (record: UnitRecord): string => {
    const { invocation, envDeps, externs, inputs } = record;
    const others = inputs.filter((input) => !isSource(input)).map(({ path: file, hash }) => [file, hash]);
    const names = inputs.filter(isSource).map(({ path: file }) => file);
    return JSON.stringify([invocation.args, invocation.cwd, invocation.env, envDeps, externs, others, names.sort()]);
  };
  const isKnown = made.inputs.every(({ hash }) => hash !== "");
  if (!isKnown) return new Refusal("changedMeanwhile");
  return rest(before) === rest(made) ? undefined : new Refusal("otherInputs");
}

function compareTexts(
  sources: SourceCache,
  layout: Layout,
  before: UnitRecord,
  made: UnitRecord,
): { readonly moved: boolean } | Refusal {
  const hashes = new Map(before.inputs.map(({ path: file, hash }) => [file, hash]));
  const { key, args } = made.invocation;
  const { hasTestCode } = inspectArgs(args);
  const macros: { readonly text: string; readonly path: string }[] = [];
  let moved = false;
  for (const { path: file, hash } of made.inputs) {
    const old = hashes.get(file) ?? "";
    if (old === hash) continue;
    const was = compiledText(layout, key, old);
    const now = sourceWith(file, hash);
    if (was === undefined || now === undefined) return new Refusal("unknownText", file);
    const edit = unseenEdit(sources, file, [was, now], hasTestCode);
    if (edit instanceof Refusal) return edit.within(path.basename(file));
    moved ||= edit.moved;
    for (const text of [was, now]) macros.push(...edit.macros.map((name) => ({ text, path: name })));
  }
  const unknown = unknownMacro(made, macros);
  return unknown === undefined ? { moved } : new Refusal("unknownMacro", unknown);
}

/** A file's text, if it is still the one with a digest. */
function sourceWith(file: string, hash: string): string | undefined {
  const source = readSource(file);
  return source?.hash === hash ? source.text : undefined;
}

/** One of the macros that may not be what it is by its name. `calls`: with the texts that they stand in. */
function unknownMacro(
  { inputs, externs }: UnitRecord,
  calls: readonly { readonly text: string; readonly path: string }[],
): string | undefined {
  if (calls.length === 0) return undefined;
  const isForeign = ({ name, path: file, unit }: UnitRecord["externs"][number]): boolean =>
    unit === null && path.basename(file).startsWith(`lib${name}-`);
  const foreign = new Set(externs.filter(isForeign).map(({ name }) => name));
  const texts = inputs.map((input) => ({ text: readText(input.path) ?? "", isSource: isSource(input) }));
  const origins = new MacroOrigins(texts, foreign);
  return calls.find(({ text, path: macro }) => !origins.isKnown(text, macro))?.path;
}

function isSource({ path: file }: Stamp): boolean {
  return path.extname(file) === ".rs";
}
