/** The projects that are measured, and in each an edit of a function's body that shows in the program's first output. */
import * as fs from "node:fs";
import * as path from "node:path";
import { fixture, published, sync } from "../../test/programs/support/projects.js";
import { cache } from "../../test/programs/support/repository.js";

export interface Subject {
  readonly name: string;
  /** What it is called on the command line. */
  readonly key: string;
  /** Whose target directories it has: those of the same sources. */
  readonly home: string;
  /** What is built: programs, or tests of them. */
  readonly command: "build" | "test";
  /** Gives the folder with the sources as they were published. */
  readonly sources: () => Promise<string>;
  /** What is built, as cargo is told, and started: a program, or the one test program. */
  readonly targets: readonly string[];
  readonly program: string;
  readonly args: readonly string[];
  /** The edited function's file, and the statement in it that is edited: it is there exactly once. */
  readonly file: string;
  readonly statement: string;
  /** What it becomes: another literal, or another statement in front of it. `tag` must be in the first output. */
  readonly literal: (tag: string) => string;
  readonly statements: (tag: string) => string;
}

export const SUBJECTS: readonly Subject[] = [
  {
    name: "sample",
    ...{ key: "sample", home: "sample", command: "build" },
    sources: () => fixture("sample", "sample-bench"),
    targets: ["--package", "sample", "--bin", "sample"],
    program: "sample",
    args: [],
    file: "crates/app/src/main.rs",
    statement: 'println!("Hello from the sample: {} subcommands, see `sample list`.", COMMANDS.len());',
    literal: (tag) => `println!("Hello from the sample (${tag}): {} subcommands.", COMMANDS.len());`,
    statements: (tag) =>
      `let tag = String::from("${tag}"); println!("Hello from {tag}: {} subcommands.", COMMANDS.len());`,
  },
  {
    name: "sample, unit tests of a library",
    ...{ key: "sample-tests", home: "sample", command: "test" },
    sources: () => fixture("sample", "sample-bench"),
    targets: ["--package", "sample-shapes", "--lib"],
    program: "sample_shapes",
    args: ["results_may_be_returned", "--nocapture"],
    file: "crates/shapes/src/lib.rs",
    statement: 'let index: usize = "7".parse()?;',
    literal: (tag) => `let index: usize = "7".parse()?; println!("${tag}");`,
    statements: (tag) => `let index: usize = "7".parse()?; let tag = String::from("${tag}"); println!("{tag}");`,
  },
  {
    name: "ripgrep 15.2.0",
    ...{ key: "ripgrep", home: "ripgrep", command: "build" },
    sources: () => published({ name: "ripgrep", version: "15.2.0" }),
    targets: ["--bin", "rg"],
    program: "rg",
    args: ["--version"],
    file: "crates/core/flags/doc/version.rs",
    statement: 'format!("ripgrep {digits}")',
    literal: (tag) => `format!("ripgrep {digits} (${tag})")`,
    statements: (tag) => `let tag = String::from("${tag}"); format!("ripgrep {digits} {tag}")`,
  },
  {
    name: "ripgrep 15.2.0, its unit tests",
    ...{ key: "ripgrep-tests", home: "ripgrep", command: "test" },
    sources: () => published({ name: "ripgrep", version: "15.2.0" }),
    targets: ["--bin", "rg"],
    program: "rg",
    args: ["test_after_context", "--nocapture"],
    file: "crates/core/flags/defs.rs",
    statement: 'let args = parse_low_raw(["--after-context", "5"]).unwrap();',
    literal: (tag) => `let args = parse_low_raw(["--after-context", "5"]).unwrap(); println!("${tag}");`,
    statements: (tag) =>
      `let tag = String::from("${tag}"); println!("{tag}"); let args = parse_low_raw(["--after-context", "5"]).unwrap();`,
  },
  {
    name: "jj-cli 0.45.1",
    ...{ key: "jj", home: "jj", command: "build" },
    sources: () => published({ name: "jj-cli", version: "0.45.1" }),
    targets: ["--bin", "jj"],
    program: "jj",
    args: ["--version"],
    file: "src/command_error.rs",
    statement: 'write!(ui.stdout(), "{clap_str}")?;',
    literal: (tag) => `write!(ui.stdout(), "{clap_str} (${tag})\\n")?;`,
    statements: (tag) => `let tag = String::from("${tag}"); write!(ui.stdout(), "{clap_str} {tag}\\n")?;`,
  },
];

/** A save: a text that no save before it had. */
export interface Save {
  readonly file: string;
  readonly text: string;
  /** What the program prints from now on. */
  readonly tag: string;
}

/** A working copy of a subject, as it was published, with all that is made of it in folders beside it. */
export class Copy {
  private readonly original: string;
  private saves = 0;

  private constructor(
    readonly subject: Subject,
    private readonly home: string,
  ) {
    this.original = fs.readFileSync(this.file, "utf8");
    if (this.original.split(subject.statement).length !== 2) {
      throw new Error(`${subject.file} of ${subject.name} has not exactly one ${subject.statement}`);
    }
  }

  static async of(subject: Subject): Promise<Copy> {
    const home = path.join(cache, "bench", subject.home);
    await sync(await subject.sources(), path.join(home, "source"));
    return new Copy(subject, home);
  }

  get folder(): string {
    return path.join(this.home, "source");
  }

  /** A target directory. It lies outside of the sources, so that nobody watches it. */
  target(name: string): string {
    return path.join(this.home, name);
  }

  /** The next edit: a literal and a statement in turns. */
  next(): Save {
    const { subject, file } = this;
    this.saves++;
    const tag = `save ${this.saves} of ${process.pid}`;
    const edited = this.saves % 2 === 0 ? subject.literal(tag) : subject.statements(tag);
    return { file, text: this.original.replace(subject.statement, () => edited), tag };
  }

  /** Puts the sources back. */
  restore(): void {
    fs.writeFileSync(this.file, this.original);
  }

  private get file(): string {
    return path.join(this.folder, this.subject.file);
  }
}
