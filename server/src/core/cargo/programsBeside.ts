/**
 * Tests may start the programs beside them where cargo leaves them, `target/debug/NAME`. While tests run, the current program is there;
 * afterwards what was there before. (Whatever happens in between, cargo's next build of the program puts its own there.)
 *
 * Several processes may run tests at a time, and any may be killed. So it is written down who needs a program, and the last one
 * puts back what was there; and what was put there, so that it is never taken for the user's own.
 */
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { digest, readJson, statOf, writeAtomic } from "../support/files.js";
import { Layout, withinTarget } from "../support/layout.js";
import { ProcessName, isAlive, thisProcess, withLock } from "../support/lock.js";
import type { SelectionState } from "./selection.js";

const Content = z.object({ size: z.number(), digest: z.string() });
type Content = z.infer<typeof Content>;

/** Who needs a program where cargo leaves it, and what was put there for them. */
const Occupancy = z.object({
  users: z.array(z.object({ id: z.string(), process: ProcessName })),
  /** All that was put there since the first of the users came. */
  placed: z.array(Content),
});
type Occupancy = z.infer<typeof Occupancy>;

/** The programs beside tests, as long as somebody's tests run. */
export class ProgramsBesideTests {
  private readonly id = randomUUID();
  private readonly programs = new Map<string, ProgramBeside>();
  private isOver = false;

  /**
   * Puts the programs that cargo does not start itself where others look for them. May be called again when they are others. `end` has
   * to follow, also where this rejects.
   */
  async place(state: SelectionState): Promise<void> {
    const started = new Set(state.starts.map((start) => start.program));
    for (const { name, executable } of state.programs) {
      if (started.has(name)) continue;
      if (this.isOver) return;
      const program = this.programs.get(executable) ?? new ProgramBeside(this.id, name, executable);
      this.programs.set(executable, program);
      await program.install();
    }
  }

  /** No test of this user's needs them any more. */
  async end(): Promise<void> {
    const problems: unknown[] = [];
    for (const program of this.takeAll()) await program.release().catch((error: unknown) => problems.push(error));
    if (problems.length > 0) throw problems[0];
  }

  /** The same without waiting, for a process that ends. The next run of tests clears up what is left. */
  endNow(): void {
    for (const program of this.takeAll()) {
      try {
        program.releaseNow();
      } catch {
        continue;
      }
    }
  }

  private takeAll(): ProgramBeside[] {
    this.isOver = true;
    const all = [...this.programs.values()];
    this.programs.clear();
    return all;
  }
}

/** A program, where cargo leaves it. */
class ProgramBeside {
  private readonly layout: Layout;
  private readonly program: string;
  private readonly folder: string;
  /** What was there before. */
  private readonly before: string;

  constructor(
    private readonly id: string,
    name: string,
    private readonly executable: string,
  ) {
    this.layout = new Layout(executable.slice(0, -name.length - 1));
    this.program = path.join(path.dirname(this.layout.root), withinTarget(name));
    this.folder = path.join(this.layout.beside, name);
    this.before = path.join(this.folder, "before");
  }

  /** Puts the executable there as it is now. */
  async install(): Promise<void> {
    const ours = await fs.promises.readFile(this.executable);
    const content = { size: ours.length, digest: digest(ours) };
    await this.locked(() => {
      this.put(ours, content);
    });
  }

  async release(): Promise<void> {
    await this.locked(() => {
      this.releaseNow();
    });
  }

  releaseNow(): void {
    const { users, placed } = this.occupancy();
    const others = users.filter(({ id }) => id !== this.id);
    if (others.length > 0) {
      this.write({ users: others, placed });
      return;
    }
    // Whatever else is there, cargo has built: it is newer than what was there before.
    const isFree = !fs.existsSync(this.program) || isAmong(this.program, placed);
    if (isFree && fs.existsSync(this.before)) fs.renameSync(this.before, this.program);
    else if (isFree) fs.rmSync(this.program, { force: true });
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private put(ours: Buffer, content: Content): void {
    const { users, placed } = this.occupancy();
    const isUser = users.some(({ id }) => id === this.id);
    const occupancy = {
      users: isUser ? users : [...users, { id: this.id, process: thisProcess() }],
      placed: [...placed.filter((item) => item.digest !== content.digest), content],
    };
    if (isAmong(this.program, [content]) && isAmong(this.program, placed)) {
      this.write(occupancy);
      return;
    }
    fs.mkdirSync(path.dirname(this.program), { recursive: true });
    // A copy, so that nothing that is done to it there is done to our own. It is complete before anything is moved.
    const copy = `${this.program}.${process.pid}.tmp`;
    try {
      fs.writeFileSync(copy, ours, { mode: 0o777 });
      this.write(occupancy);
      if (fs.existsSync(this.program) && !isAmong(this.program, placed)) fs.renameSync(this.program, this.before);
      fs.renameSync(copy, this.program);
    } catch (error) {
      fs.rmSync(copy, { force: true });
      throw error;
    }
  }

  /** What was written down, without users that have ended. */
  private occupancy(): Occupancy {
    const { users, placed } = readJson(this.occupancyFile, Occupancy) ?? { users: [], placed: [] };
    return { users: users.filter((user) => isAlive(user.process)), placed };
  }

  private write(occupancy: Occupancy): void {
    writeAtomic(this.occupancyFile, JSON.stringify(occupancy));
  }

  private get occupancyFile(): string {
    return path.join(this.folder, "occupancy.json");
  }

  private async locked(work: () => void): Promise<void> {
    const nobody = (): void => undefined;
    await withLock(path.join(this.layout.beside, "lock"), nobody, undefined, () => Promise.resolve().then(work));
  }
}

/** Whether a file is one of these. Only one of the same size is read. */
function isAmong(file: string, contents: readonly Content[]): boolean {
  const size = statOf(file)?.size;
  const same = contents.filter((content) => content.size === size);
  if (same.length === 0) return false;
  const found = digest(fs.readFileSync(file));
  return same.some((content) => content.digest === found);
}
