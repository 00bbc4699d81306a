/** What state a project is in, from its builds and the engine's. */
import type { ProjectState } from "../../../../shared/src/lsp.js";
import type { Activity, Build } from "./build.js";

export interface ProjectActivity {
  /** What is under way. */
  readonly activity: Activity | undefined;
  /** The programs' build. */
  readonly main: Build;
  /** Why nothing is built before the user says so. */
  readonly downReason: string | undefined;
  /** The user has stopped the engine. */
  readonly isStopped: boolean;
}

export function projectState({ activity, main, downReason, isStopped }: ProjectActivity): ProjectState {
  if (downReason !== undefined) {
    return { kind: "down", reason: downReason, why: isStopped ? "stopped" : "givenUp" };
  }
  if (activity !== undefined) {
    const { lane, stage, since, reason } = activity;
    return { kind: "rebuilding", lane, stage, since, reason };
  }
  const { failure, built } = main;
  if (failure?.kind === "unsupported") return { kind: "fallback", reason: failure.reason };
  if (failure?.kind === "down") return { kind: "down", reason: failure.reason, why: "failing" };
  if (failure !== undefined) {
    const errors = main.lastReport?.diagnostics.filter((item) => item.level.startsWith("error")).length ?? 0;
    return { kind: "stale", errors: Math.max(1, errors), hasGeneration: built !== undefined };
  }
  if (built === undefined) return { kind: "idle" };
  return main.isBehind ? { kind: "stale", errors: 0, hasGeneration: true } : { kind: "current" };
}
