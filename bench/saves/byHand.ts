/** Cranefly as a command that is given behind each save, and what it leaves behind. */
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { list } from "../../server/src/core/support/files.js";
import { Layout } from "../../server/src/core/support/layout.js";
import { followerEnded } from "../../server/src/core/support/follower.js";
import { mustRun } from "../../test/programs/support/process.js";
import { repository } from "../workspace.js";
import { type Built, type Runnable, type Side, buildByHand } from "./sides.js";

export const CRANEFLY = path.join(repository, "bin/cranefly");

/** How long the process that follows a command may take, until the next save is made all the same. */
const FOLLOWED_MS = 300_000;

export class ByHandSide implements Side {
  private readonly target: string;

  constructor(
    private readonly copy: Built,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.target = copy.target("by-hand");
  }

  get name(): string {
    return `\`cranefly ${this.copy.subject.command === "test" ? "test --no-run" : "build"}\`, by hand`;
  }

  async prepare(): Promise<void> {
    fs.mkdirSync(this.target, { recursive: true });
    await this.cranefly();
  }

  async build(save: () => void): Promise<Runnable> {
    save();
    const noticedMs = performance.now();
    return { executable: await this.cranefly(), noticedMs };
  }

  /** The process that follows has come to its end: an edit before that is the user's, too, and a slower one. */
  async settle(): Promise<void> {
    const layout = new Layout(path.join(this.target, "cranefly"));
    const until = performance.now() + FOLLOWED_MS;
    // It says that it is there a moment after the command has ended.
    await delay(300);
    while (list(layout.followers).length > 0 && performance.now() < until) await followerEnded(layout);
  }

  async close(): Promise<void> {
    await mustRun(CRANEFLY, ["stop"], { cwd: this.copy.folder, env: this.env });
  }

  private cranefly(): Promise<string> {
    return buildByHand(CRANEFLY, this.copy, this.env, this.target);
  }
}
