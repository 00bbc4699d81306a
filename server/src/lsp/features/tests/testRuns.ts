/** While tests run in an editor, the programs beside them are where cargo would leave them: tests may start them there. */
import { messageOf } from "../../../core/support/errors.js";
import { ProgramsBesideTests } from "../../../core/cargo/programsBeside.js";
import type { Project, ServerContext } from "../../protocol/api.js";

interface Runs {
  count: number;
  readonly programs: ProgramsBesideTests;
  /** One after the other. */
  work: Promise<void>;
}

export class TestRuns {
  /** By project: a project may be closed, or another object, before its tests have ended. */
  private readonly runs = new Map<string, Runs>();

  constructor(private readonly log: ServerContext["log"]) {}

  /** Tests of a project are about to run. */
  begin(project: Project): Promise<void> {
    const running = this.runs.get(project.uri) ?? {
      count: 0,
      programs: new ProgramsBesideTests(),
      work: Promise.resolve(),
    };
    this.runs.set(project.uri, running);
    running.count++;
    return this.place(project, running);
  }

  /** There are other programs: for the tests of the same run that are started from now on. */
  async built(project: Project): Promise<void> {
    const running = this.runs.get(project.uri);
    if (running !== undefined) await this.place(project, running);
  }

  /** They have ended. */
  async end(uri: string): Promise<void> {
    const running = this.runs.get(uri);
    if (running === undefined || --running.count > 0) return;
    this.runs.delete(uri);
    await this.enqueue(running, "a program of a test run stays where cargo's belongs", () => running.programs.end());
  }

  dispose(): void {
    for (const running of this.runs.values()) running.programs.endNow();
    this.runs.clear();
  }

  private place(project: Project, running: Runs): Promise<void> {
    return this.enqueue(running, "tests that start programs by their paths may find none, or others", async () => {
      const state = project.built("test")?.state;
      if (state !== undefined) await running.programs.place(state);
    });
  }

  private enqueue(running: Runs, failure: string, work: () => Promise<void>): Promise<void> {
    running.work = running.work.then(work).catch((error: unknown) => this.log.warn(`${failure}: ${messageOf(error)}`));
    return running.work;
  }
}
