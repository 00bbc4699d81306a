/** Why something is built, and which build comes before which. */
import { type BuildKind, type CommonBuild, ownBuild } from "../protocol/api.js";

/** Why an update is made: for the user, and since when (by `performance.now()`). */
export interface Cause {
  readonly sinceMs: number;
  readonly reason: string;
  /** Whether it is worth ending what is under way: a source changed, or somebody asks. */
  readonly isSource: boolean;
}

const PRIORITY: Readonly<Record<CommonBuild, number>> = { build: 2, test: 1, members: 1, examples: 0 };

/** The programs come first: they are what the user waits for. A package has a build of its own because somebody runs it. */
export function priorityOf(kind: BuildKind): number {
  return ownBuild(kind) === undefined ? PRIORITY[kind as CommonBuild] : 3;
}

/** A cause that somebody asks for now. */
export function asked(reason: string): Cause {
  return { sinceMs: performance.now(), reason, isSource: true };
}

/** What somebody has asked for who needs a build. */
const REASONS: Readonly<Record<CommonBuild, string>> = {
  build: "asked for",
  test: "the tests were asked for",
  examples: "an example was asked for",
  members: "a program was asked for",
};

export function reasonOf(kind: BuildKind): string {
  const own = ownBuild(kind);
  if (own === undefined) return REASONS[kind as CommonBuild];
  return `${REASONS[own.common]}, with the features that ${own.package} has alone`;
}
