/** While tests run in an editor, the programs beside them are where cargo would leave them: tests may start them there. */
import { messageOf } from "../../../core/support/errors.js";
import { standIn } from "../../../core/cargo/programsBeside.js";
import type { Project, ServerContext } from "../../protocol/api.js";

interface Runs {
  count: number;
  readonly clearUp: () => void;
}

export class ProgramsBeside {
  private readonly runs = new Map<Project, Runs>();

  constructor(private readonly log: ServerContext["log"]) {}

  /** Tests of a project are about to run. */
  begin(project: Project): void {
    const running = this.runs.get(project);
    if (running !== undefined) running.count++;
    else this.runs.set(project, { count: 1, clearUp: this.place(project) });
  }

  /** They have ended. */
  end(project: Project): void {
    const running = this.runs.get(project);
    if (running === undefined || --running.count > 0) return;
    this.runs.delete(project);
    this.clear(running);
  }

  dispose(): void {
    for (const running of this.runs.values()) this.clear(running);
    this.runs.clear();
  }

  private place(project: Project): () => void {
    try {
      const state = project.built("test")?.state;
      return state === undefined ? () => undefined : standIn(state);
    } catch (error) {
      this.log.warn(`tests that start programs by their paths may find none, or others: ${messageOf(error)}`);
      return () => undefined;
    }
  }

  private clear({ clearUp }: Runs): void {
    try {
      clearUp();
    } catch (error) {
      this.log.warn(`a program of a test run stays where cargo's belongs: ${messageOf(error)}`);
    }
  }
}
