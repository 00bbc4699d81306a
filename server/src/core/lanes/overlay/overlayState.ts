/** What Cranefly remembers of a unit's overlay between its runs. */
import * as z from "zod";
import { readJson, writeAtomic } from "../../support/files.js";
import type { Invocation } from "../../units/invocation.js";
import { invocationDigest } from "../mirror/unitSources.js";
import { FileStamp } from "../../support/stamps.js";

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
});
export type OverlayFile = z.infer<typeof OverlayFile>;

const FunctionName = z.object({ file: z.string(), path: z.string() });

const OverlayState = z.object({
  version: z.literal(2),
  /** Digest of the invocation: another command line may need other bodies. */
  invocation: z.string(),
  files: z.record(z.string(), OverlayFile),
  /** Recently edited functions, the newest first. */
  recent: z.array(FunctionName),
});
export type OverlayState = z.infer<typeof OverlayState>;

/** A unit's state; an empty one when there is none, or when it belongs to another command line. */
export function loadState(file: string, invocation: Invocation): OverlayState {
  const key = invocationDigest(invocation);
  const state = readJson(file, OverlayState);
  if (state?.invocation === key) return state;
  return { version: 2, invocation: key, files: {}, recent: [] };
}

export function saveState(file: string, state: OverlayState): void {
  writeAtomic(file, JSON.stringify(state));
}
