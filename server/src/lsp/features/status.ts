/** Tells the client what the projects are doing. */
import {
  GenerationNotification,
  type GenerationParams,
  StatusNotification,
  type StatusParams,
} from "../../../../shared/src/lsp.js";
import type { ServerContext } from "../protocol/api.js";

export function register({ connection, projects }: ServerContext): void {
  let isDue = false;
  // Changes that come together are reported once.
  const report = (): void => {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      const params: StatusParams = { projects: projects.all().map((project) => project.status) };
      void connection.sendNotification(StatusNotification, params);
    });
  };
  projects.onStatus(report);
  projects.onDidChange(report);
  projects.onGeneration(({ project, summary }) => {
    const params: GenerationParams = { project: project.uri, summary };
    void connection.sendNotification(GenerationNotification, params);
  });
}
