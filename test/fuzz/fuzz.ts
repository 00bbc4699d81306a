/** Programs at random, natively and through Cranefly, edited on the way. */
import * as fs from "node:fs";
import * as path from "node:path";
import { repository } from "../../bench/workspace.js";
import { type Program, Generator, filesOf } from "./generate/program.js";
import { Native, type Outcome, difference, writeFiles } from "./native.js";
import { type Sequence, reduce } from "./reduce.js";
import { type Mode, type Ran, Subject } from "./subject.js";

export interface FuzzOptions {
  /** Where everything is built, and differences are kept. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly modes: readonly Mode[];
  /** The first program's; the next ones' follow. */
  readonly seed: number;
  readonly programs: number;
  /** Functions of a program. */
  readonly size: number;
  readonly edits: number;
  /** How often a smaller program may be tried, for each difference. */
  readonly tries: number;
  readonly log: (line: string) => void;
  readonly stop?: AbortSignal;
}

export interface Difference {
  readonly seed: number;
  /** The number of the edit; 0 for the program as it was made. */
  readonly edit: number;
  readonly mode: string;
  readonly what: string;
  /** The folder with the reduced program. */
  readonly kept: string;
}

export interface Fuzzed {
  programs: number;
  edits: number;
  /** Runs that were compared with a native one. */
  compared: number;
  /** Texts that rustc refuses: mistakes of the generator. */
  readonly invalid: string[];
  readonly differences: Difference[];
  /** How often each lane was taken. */
  readonly lanes: Map<string, number>;
  /** Functions that LLVM had to compile, by construct. */
  readonly fallbacks: Map<string, number>;
}

/** A support module that is the same for all of them. */
const SUPPORT = fs.readFileSync(path.join(repository, "test/fuzz/support.rs"), "utf8");

export async function fuzz(options: FuzzOptions): Promise<Fuzzed> {
  const fuzzer = new Fuzzer(options);
  try {
    for (let i = 0; i < options.programs && options.stop?.aborted !== true; i++) await fuzzer.program(options.seed + i);
  } finally {
    await fuzzer.close();
  }
  return fuzzer.result;
}

class Fuzzer {
  readonly result: Fuzzed = {
    programs: 0,
    edits: 0,
    compared: 0,
    invalid: [],
    differences: [],
    lanes: new Map(),
    fallbacks: new Map(),
  };
  private readonly native: Native;
  private readonly subjects: readonly Subject[];

  constructor(private readonly options: FuzzOptions) {
    const { folder, env, modes } = options;
    this.native = new Native(path.join(folder, "native"), env);
    this.subjects = modes.map((mode) => new Subject(mode, path.join(folder, mode.name), env));
  }

  async close(): Promise<void> {
    for (const subject of this.subjects) await subject.close();
  }

  async program(seed: number): Promise<void> {
    const { size, edits, log, stop } = this.options;
    const generator = new Generator(seed, size);
    let before = generator.program();
    // All see their share of the programs; the first one all of them, and all edits.
    const [first, ...others] = this.subjects;
    const other = others[seed % Math.max(others.length, 1)];
    const some = [first, other].filter((subject) => subject !== undefined);
    await this.check(seed, 0, "is made", [before], some);
    this.result.programs++;
    for (let edit = 1; edit <= edits && stop?.aborted !== true; edit++) {
      const how = generator.edit();
      const after = generator.program();
      await this.check(seed, edit, how, [before, after], edit === edits ? some : some.slice(0, 1));
      this.result.edits++;
      before = after;
    }
    log(`seed ${seed}: ${this.result.compared} runs compared, ${this.result.differences.length} differences`);
  }

  /** Compares the last program of the sequence, whose others the subjects have seen. */
  private async check(
    seed: number,
    edit: number,
    how: string,
    sequence: Sequence,
    subjects: readonly Subject[],
  ): Promise<void> {
    const files = textsOf(sequence.at(-1));
    const native = this.native.run(files);
    if ("refusal" in native) {
      this.result.invalid.push(`seed ${seed}, edit ${edit} (${how}): ${native.refusal.slice(0, 2000)}`);
      this.options.log(this.result.invalid.at(-1) ?? "");
      return;
    }
    for (const subject of subjects) {
      const ran = await subject.run(files);
      this.count(ran);
      let what = difference(native, ran.outcome, ran.lane !== "body");
      // Half of the edits come while the crate lane is behind. What it does prepares the body lane, as in an editor.
      if (what === undefined && (ran.lane !== "body" || edit % 2 === 0))
        what = followed(native, await subject.follow());
      if (what === undefined) continue;
      await this.differs(seed, edit, subject, sequence, `after it ${how}: ${what}`);
    }
  }

  private count({ lane, fallbacks }: Ran): void {
    this.result.compared++;
    add(this.result.lanes, lane, 1);
    for (const { construct, functions } of fallbacks) add(this.result.fallbacks, construct, functions);
  }

  private async differs(seed: number, edit: number, subject: Subject, sequence: Sequence, what: string): Promise<void> {
    const { log, tries, folder } = this.options;
    const mode = subject.mode.name;
    log(`DIFFERENCE: seed ${seed}, edit ${edit}, ${mode}: ${what}`);
    const last = sequence.slice(-1);
    const shows = async (candidate: Sequence): Promise<boolean> =>
      (await this.differenceOf(subject, candidate)) !== undefined;
    // Whether it is the edit that matters, or the program as it is then.
    const start = (await shows(last)) ? last : sequence;
    const reduced = await reduce(start, shows, tries);
    const again = (await this.differenceOf(subject, reduced)) ?? "not reproduced on its own";
    const kept = path.join(folder, "differences", `${seed}-${edit}-${mode}`);
    reduced.forEach((program, i) =>
      writeFiles(path.join(kept, reduced.length === 1 ? "" : String(i)), textsOf(program)),
    );
    writeFiles(kept, { "difference.txt": `${what}\nreduced: ${again}\n` });
    log(`  reduced: ${again}\n  kept in ${kept}`);
    this.result.differences.push({ seed, edit, mode, what, kept });
  }

  /** Runs a sequence in a subject, and says what differs at its end. */
  private async differenceOf(subject: Subject, sequence: Sequence): Promise<string | undefined> {
    const texts = sequence.map(textsOf);
    const native = texts.map((files) => this.native.run(files));
    const last = native.at(-1);
    if (last === undefined || native.some((outcome) => "refusal" in outcome)) return undefined;
    for (const files of texts.slice(0, -1)) {
      await subject.run(files);
      await subject.follow();
    }
    const ran = await subject.run(texts.at(-1) ?? {});
    const what = difference(last, ran.outcome, ran.lane !== "body");
    return what ?? followed(last, await subject.follow());
  }
}

function followed(native: Outcome, ran: Ran | undefined): string | undefined {
  if (ran === undefined) return undefined;
  if (ran.diverged.length > 0) return `the lanes compile differently: ${ran.diverged.join(", ")}`;
  const what = difference(native, ran.outcome, true);
  return what === undefined ? undefined : `once the crate lane has followed: ${what}`;
}

function textsOf(program: Program | undefined): Record<string, string> {
  return program === undefined ? {} : { ...filesOf(program), "src/support.rs": SUPPORT };
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
