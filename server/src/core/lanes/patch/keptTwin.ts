/** A unit's twin between one process and the next: which metadata and bitcode it is, and what it is the twin of. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { BitcodeFile } from "../../../../../shared/src/protocol.js";
import { readJson, writeAtomic } from "../../support/files.js";
import type { ModuleFacts } from "./moduleFacts.js";
import { type Twin, TWIN_BODIES } from "./twin.js";
import type { Refusal } from "../../edits/refusal.js";

/** A twin, or why there is none, and what it was made of. */
export interface TwinState {
  /** Digest of the sources, the command line and what was known of bodies that the crate does not compile without. */
  readonly key: string;
  /** Digest of what it was compiled with beside its sources: libraries, and what macros read. */
  readonly besides: string;
  readonly twin: Twin | Refusal;
}

const Names = z.array(z.string()).transform((names): ReadonlySet<string> => new Set(names));

const Facts: z.ZodType<ModuleFacts> = z.object({
  innerAttributes: z.array(z.string()),
  imports: z.array(z.string()),
  hasGlobImports: z.boolean(),
  names: Names,
  traits: Names,
  types: Names,
  hasMacroCalls: z.boolean(),
  macros: z.array(
    z.object({ name: z.string(), start: z.number(), isExported: z.boolean(), text: z.string().optional() }).transform(
      // A property that is absent in the text is there, and undefined.
      ({ text, ...rest }) => ({ ...rest, text }),
    ),
  ),
  get children() {
    return z.array(
      z
        .object({
          name: z.string(),
          declaration: z.string(),
          span: z.object({ start: z.number(), end: z.number() }),
          path: z.string().optional(),
          usesMacros: z.boolean(),
          inline: Facts.optional(),
        })
        .transform(({ path, inline, ...rest }) => ({ ...rest, path, inline })),
    );
  },
});

const Kept = z.object({
  version: z.literal(7),
  /** Which Cranefly made it: another one may make other twins. */
  maker: z.string(),
  key: z.string(),
  besides: z.string(),
  twin: z.object({
    metadata: z.string(),
    bitcode: z.array(BitcodeFile),
    facts: z.record(z.string(), Facts).transform((facts) => new Map(Object.entries(facts))),
    root: z.string(),
    restricted: z.array(
      z.object({
        kind: z.enum(["module", "constructor", "field", "name", "hidden"]),
        name: z.string(),
        scope: z.string(),
      }),
    ),
    texts: z
      .record(z.string(), z.array(z.string()))
      .transform((texts) => new Map(Object.entries(texts).map(([file, digests]) => [file, new Set(digests)]))),
    deniedByDefault: z.array(z.string()),
    isBehind: z.boolean(),
    bodies: z.enum(TWIN_BODIES),
  }),
});

/** The twin in a unit's folder; undefined when there is none, or when it is another Cranefly's, or damaged. */
export function loadTwin(directory: string, maker: string): TwinState | undefined {
  const kept = readJson(fileIn(directory), Kept);
  if (kept?.maker !== maker) return undefined;
  const { key, besides, twin } = kept;
  const isThere = [twin.metadata, ...twin.bitcode.map(({ path }) => path)].every((file) => fs.existsSync(file));
  return isThere ? { key, besides, twin } : undefined;
}

/** Keeps a twin. A failure is none of the user's business: it is made anew, then. */
export function saveTwin(directory: string, maker: string, state: TwinState): void {
  const text = JSON.stringify({ version: 7, maker, ...state }, (_, value: unknown) => {
    if (value instanceof Set) return [...(value as Set<unknown>)];
    return value instanceof Map ? Object.fromEntries(value as Map<string, unknown>) : value;
  });
  try {
    writeAtomic(fileIn(directory), text);
  } catch {
    fs.rmSync(fileIn(directory), { force: true });
  }
}

function fileIn(directory: string): string {
  return path.join(directory, "twin.json");
}
