/** What the user asks for: rebuild, cancel, the engine's life. Answers when it is begun, not when it is done. */
import { type ControlParams, ControlRequest, type ControlResult } from "../../../../shared/src/lsp.js";
import { messageOf } from "../../core/support/errors.js";
import type { ServerContext } from "../protocol/api.js";
import type { CargoProject } from "../build/project.js";
import type { ProjectSet } from "../build/projects.js";

export function register({ connection, log }: ServerContext, projects: ProjectSet): void {
  connection.onRequest(ControlRequest, async ({ project, action }: ControlParams): Promise<ControlResult> => {
    const one = project === undefined ? undefined : projects.get(project);
    const chosen = project === undefined ? projects.all() : one === undefined ? [] : [one];
    if (chosen.length === 0) {
      return {
        message: project === undefined ? "no cargo workspace is open" : "this cargo workspace is not open any more",
      };
    }
    try {
      return { message: await ACTIONS[action](chosen) };
    } catch (error) {
      const message = `${NAMES[action]} failed: ${messageOf(error)}`;
      log.error(message);
      return { message };
    }
  });
}

const NAMES: Readonly<Record<ControlParams["action"], string>> = {
  rebuild: "rebuilding",
  cancel: "cancelling",
  clearCache: "clearing the cache",
  restartEngine: "restarting the engine",
  stopEngine: "stopping the engine",
  pauseWatch: "pausing",
  resumeWatch: "resuming",
};

/** Gives a text for the user, when there is something to say. */
type Action = (projects: readonly CargoProject[]) => Promise<string | undefined>;

/** Projects of one toolchain share an engine, so all of them stop before the first starts again. */
async function stopAll(projects: readonly CargoProject[]): Promise<boolean> {
  const stopped = await Promise.all(projects.map((project) => project.stopEngine()));
  return stopped.includes(true);
}

const ACTIONS: Readonly<Record<ControlParams["action"], Action>> = {
  rebuild: (projects) => {
    for (const project of projects) project.startAgain("asked by the user", true);
    return Promise.resolve(undefined);
  },
  cancel: (projects) => {
    const cancelled = projects.map((project) => project.cancel());
    return Promise.resolve(cancelled.includes(true) ? undefined : "nothing is being built");
  },
  clearCache: async (projects) => {
    await Promise.all(projects.map((project) => project.clearCache()));
    return undefined;
  },
  restartEngine: async (projects) => {
    await stopAll(projects);
    for (const project of projects) project.startAgain("the engine was restarted", false);
    return undefined;
  },
  stopEngine: async (projects) => ((await stopAll(projects)) ? undefined : "the engine was not running"),
  pauseWatch: (projects) => {
    for (const project of projects) project.pause(true);
    return Promise.resolve(undefined);
  },
  resumeWatch: (projects) => {
    for (const project of projects) project.pause(false);
    return Promise.resolve(undefined);
  },
};
