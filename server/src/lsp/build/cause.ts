/** Why something is built, and which build comes before which. */
import type { BuildKind } from "../protocol/api.js";

/** Why an update is made: for the user, and since when (by `performance.now()`). */
export interface Cause {
  readonly sinceMs: number;
  readonly reason: string;
  /** Whether it is worth ending what is under way: a source changed, or somebody asks. */
  readonly isSource: boolean;
}

/** The programs come first: they are what the user waits for. */
export const PRIORITY: Readonly<Record<BuildKind, number>> = { build: 2, test: 1, members: 1, examples: 0 };

/** A cause that somebody asks for now. */
export function asked(reason: string): Cause {
  return { sinceMs: performance.now(), reason, isSource: true };
}

/** What somebody has asked for who needs a build. */
export const REASONS: Readonly<Record<BuildKind, string>> = {
  build: "asked for",
  test: "the tests were asked for",
  examples: "an example was asked for",
  members: "a program was asked for",
};
