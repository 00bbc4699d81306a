/** What Cranefly remembers of a unit's overlay between its runs. */
import * as z from "zod";
import { digest, readJson, writeAtomic } from "../../support/files.js";
import type { Invocation } from "../../units/invocation.js";

const FileStamp = z.object({ mtimeMs: z.number(), size: z.number() });

/** One source file in the overlay. */
export const OverlayFile = z.object({
  /** The original as it was when the overlay's text was made of it. */
  original: FileStamp,
  /** The overlay's text; null: a link to the original. */
  overlay: FileStamp.nullable(),
  /** What the overlay's text has more than the original, in bytes. */
  insertions: z.array(z.object({ bytes: z.number(), length: z.number() })),
  /** Which functions were kept: a digest. */
  kept: z.string(),
  /** It holds `include!`, `include_str!` or `include_bytes!`. */
  includes: z.boolean(),
  /** Names of Rust files that its strings mention, which such a macro may read. */
  mentions: z.array(z.string()),
  /** `#![no_std]`, perhaps under a condition. */
  isNoStd: z.boolean(),
  /** Lints that its attributes deny or forbid. */
  denied: z.array(z.string()),
});
export type OverlayFile = z.infer<typeof OverlayFile>;

const FunctionName = z.object({ file: z.string(), path: z.string() });

const OverlayState = z.object({
  version: z.literal(1),
  /** Digest of the invocation: another command line may need other bodies. */
  invocation: z.string(),
  files: z.record(z.string(), OverlayFile),
  /** Functions without whose bodies the unit does not compile. `path` "*": all of the file. */
  learned: z.array(FunctionName),
  /** Recently edited functions, the newest first. */
  recent: z.array(FunctionName),
});
export type OverlayState = z.infer<typeof OverlayState>;

/** A unit's state; an empty one when there is none, or when it belongs to another command line. */
export function loadState(file: string, invocation: Invocation): OverlayState {
  const key = invocationDigest(invocation);
  const state = readJson(file, OverlayState);
  if (state?.invocation === key) return state;
  return { version: 1, invocation: key, files: {}, learned: [], recent: [] };
}

export function saveState(file: string, state: OverlayState): void {
  writeAtomic(file, JSON.stringify(state));
}

function invocationDigest({ command, args, cwd, env }: Invocation): string {
  return digest(JSON.stringify([command, args, cwd, Object.entries(env).sort()]));
}
