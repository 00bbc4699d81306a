/** The command line: its commands and their options, and what is cargo's of it. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { aliasOf } from "../core/cargo/config.js";
import { NeedsCargo } from "../core/support/errors.js";
import type { Caller } from "./caller.js";
import { type Kind, type OptionValues, addCargoOptions, spelled, together } from "./cargoOptions.js";
import { cleanCommand, statusCommand, stopCommand } from "./daemon.js";
import { asCargos, handOver, isCommand, takesUnstable } from "./handOver.js";
import { type SelectionOptions, hasOtherMessages, isSourceOrPackage } from "./options.js";
import { buildCommand, runCommand } from "./run.js";
import { writeAll } from "./terminal.js";
import { testCommand } from "./test.js";
import { type WatchOptions, watchCommand } from "./watch.js";

const VERSION = "0.1.0";

/** Commands that cargo does not have, or that mean something else there; and the others. */
const OWN: readonly string[] = ["watch", "status", "stop", "clean", "help"];
const CARGOS: readonly string[] = ["run", "build", "test"];
const BUILT_IN: Readonly<Record<string, readonly string[]>> = { b: ["build"], r: ["run"], t: ["test"] };

/** A command line, as far as it is not the program's. */
interface CommandLine {
  readonly caller: Caller;
  /** As it was given. */
  readonly given: readonly string[];
  readonly own: readonly string[];
  /** What follows `--`; undefined without one. */
  readonly behind: readonly string[] | undefined;
  /** A folder or file that was found among the arguments and taken out. */
  readonly place?: string;
}

/** Thrown while parsing a command line that cargo has to run, or to complain about. */
class ForCargo extends Error {
  constructor(readonly why?: string) {
    super("for cargo");
  }
}

/** `errors`: takes what is said of a wrong command line. */
function grammar(line: CommandLine, errors: string[]): Command {
  const { behind } = line;
  const programArgs = behind ?? [];
  const main = new Command("cranefly")
    .description("Runs Rust programs from their sources: rustc stops at bitcode, a resident engine does the rest.")
    .version(VERSION)
    .enablePositionalOptions()
    .showHelpAfterError("(cranefly COMMAND --help lists the options)")
    .exitOverride()
    .configureOutput({ writeErr: (text) => errors.push(text) });
  addCargoOptions(main, "early");

  building(main, "run")
    .description("build what is not current, then run the program")
    .argument("[ARGS...]", "a package's folder or a single source file, and the program's arguments")
    .usage("[DIR | FILE.rs] [options] [ARGS…] [-- ARGS…]")
    .passThroughOptions()
    .action((operands: readonly string[], options: OptionValues) => {
      const [first] = operands;
      if (line.place === undefined && first !== undefined && isSourceOrPackage(first, "run", line.caller.cwd)) {
        // Options may follow it.
        const at = line.own.length - operands.length;
        return parse({ ...line, own: line.own.toSpliced(at, 1), place: first });
      }
      // Behind its first argument everything is the program's, also `--`.
      const dashes = first === undefined || behind === undefined ? [] : ["--"];
      return runCommand(line.caller, line.place, chosen(main, options), [...operands, ...dashes, ...programArgs]);
    });

  building(main, "build")
    .description("build what is not current")
    .argument("[DIR | FILE.rs]", "a package's folder or a single source file")
    .action((place: string | undefined, options: OptionValues) =>
      buildCommand(line.caller, place, chosen(main, options)),
    );

  building(main, "test")
    .description("build and run the tests")
    .argument("[DIR]", "a package's folder, if it contains a slash or is “.”")
    .argument("[FILTER]", "run only tests whose names contain this")
    .usage("[DIR] [options] [FILTER] [-- LIBTEST ARGS…]")
    .action((first: string | undefined, second: string | undefined, options: OptionValues) => {
      const namesPackage = first !== undefined && isSourceOrPackage(first, "test", line.caller.cwd);
      if (!namesPackage && second !== undefined) throw new ForCargo();
      const [place, filter] = namesPackage ? [first, second] : [undefined, first];
      const selected = chosen(main, options);
      // Documentation tests are compiled by rustdoc into programs of their own.
      if (options["doc"] === true) throw new ForCargo();
      return testCommand(line.caller, place, filter, selected, programArgs);
    });

  building(main, "watch")
    .description("build after every save, and run the program or the tests again")
    .argument("[DIR | FILE.rs]", "a package's folder or a single source file")
    .usage("[DIR | FILE.rs] [options] [-- ARGS…]")
    .option("--json", "print one report a line")
    .option("--run", "run the program again")
    .option("--test", "run the tests again")
    .option("--once", "end after the first run")
    .addOption(
      new Option("--stop-timeout <SECONDS>", "how long a program may take to end before it is killed")
        .argParser(seconds)
        .default(5),
    )
    .action((place: string | undefined, options: WatchOptions) =>
      watchCommand(line.caller, place, { ...options, ...together(main.opts(), options) }, programArgs),
    );

  main
    .command("status")
    .description("what the engine is doing")
    .option("--json", "as JSON")
    .action((options: { json?: boolean }) => statusCommand(options));
  main.command("stop").description("end the engine").action(stopCommand);
  main
    .command("clean")
    .description("remove target/cranefly")
    .argument("[DIR]", "a package's folder")
    .option("--manifest-path <PATH>", "path to Cargo.toml")
    .action((place: string | undefined, options: { manifestPath?: string }) => cleanCommand(place, options));
  return main;
}

/** A command that takes cargo's options. */
function building(main: Command, kind: Kind): Command {
  return addCargoOptions(main.command(kind), kind)
    .option("--rustc-arg <ARG>", "for a single file: passed to rustc", (value, list: readonly string[] | undefined) => [
      ...(list ?? []),
      value,
    ])
    .option("--no-body-lane", "never compile edited functions before the rest of their crate")
    .option("--report <FILE>", "write the report as JSON, with an entry for every function");
}

/** The options in front of the command and behind it; throws where they are cargo's business. */
function chosen(main: Command, late: OptionValues): SelectionOptions {
  const options = together(main.opts(), late);
  const isContradiction =
    (options["quiet"] === true && options["verbose"] !== undefined) ||
    (options["release"] === true && options["profile"] !== undefined);
  if (isContradiction) throw new ForCargo();
  // The commands of compilers, and what build scripts print: cargo's to show.
  if (Number(options["verbose"] ?? 0) > 1) throw new ForCargo("-vv is done");
  if (hasOtherMessages(options)) throw new ForCargo("--message-format is done");
  const handed = spelled(options, "handed").filter((arg) => arg.startsWith("-"));
  const [flag] = handed;
  if (flag === undefined) return options;
  throw new ForCargo(handed.includes("-Z") && !takesUnstable() ? undefined : `${flag} is done`);
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError("Not a time.");
  return value;
}

/** Runs a command line, or lets cargo run it. A wrong one is left to cargo as well, whose messages about it are the best. */
async function parse(line: CommandLine): Promise<void> {
  const errors: string[] = [];
  try {
    await grammar(line, errors).parseAsync(line.own, { from: "user" });
  } catch (error) {
    if (!line.caller.mayAskCargo) throw error;
    if (error instanceof ForCargo) return letCargo(line, error.why);
    if (!(error instanceof CommanderError)) throw error;
    const isOwn = OWN.includes(commandOf(line.own).word ?? "");
    if (error.exitCode !== 0 && !isOwn) return letCargo(line);
    writeAll(2, errors.join(""));
    process.exitCode = error.exitCode;
  }
}

/** Lets cargo have a command line of one of its commands. */
async function letCargo({ given, own }: CommandLine, why?: string): Promise<void> {
  const first = isToolchain(given[0]) ? 1 : 0;
  const { word = "" } = commandOf(own);
  const command = (["run", "build", "test"] as const).find((name) => name === word);
  if (command === undefined) return handOver(given, why);
  const cargos = asCargos(given, first + commandOf(given.slice(first)).at + 1, command);
  if ("argv" in cargos) return handOver(cargos.argv, why);
  const what = why === undefined ? "" : ` (${why} by cargo)`;
  writeAll(2, `cranefly: cargo builds packages, and ${cargos.source} is none${what}\n`);
  process.exitCode = 101;
}

/** `+nightly` */
function isToolchain(arg = ""): boolean {
  return arg.length > 1 && arg.startsWith("+");
}

/** The first word that is no option in front of the command, its place, and these options. */
function commandOf(args: readonly string[]): { word: string | undefined; at: number; options: OptionValues } {
  const early = addCargoOptions(new Command(), "early").passThroughOptions().allowUnknownOption();
  const { operands } = early.parseOptions([...args]);
  return { word: operands[0], at: args.length - operands.length, options: early.opts() };
}

/** A command line with the user's aliases, and cargo's own, replaced by what they mean. */
function withoutAliases(caller: Caller, args: readonly string[], seen: readonly string[] = []): readonly string[] {
  const { word, at, options } = commandOf(args);
  if (word === undefined || seen.includes(word) || [...OWN, ...CARGOS].includes(word)) return args;
  const place = { cwd: caller.cwd, env: caller.env, args: spelled(options, "global") };
  const meant = aliasOf(word, place) ?? BUILT_IN[word];
  return meant === undefined ? args : withoutAliases(caller, args.toSpliced(at, 1, ...meant), [...seen, word]);
}

/** The toolchain that a command line begins with, as rustup has it. */
export function toolchainOf([first = ""]: readonly string[]): string | undefined {
  return isToolchain(first) ? first.slice(1) : undefined;
}

/** Runs a command line, or lets cargo run it. Rejects with `BuildFailed`, and whatever has no message of its own. */
export async function runCommandLine(argv: readonly string[], caller: Caller): Promise<void> {
  const args = withoutAliases(caller, toolchainOf(argv) === undefined ? argv : argv.slice(1));
  const { word } = commandOf(args);
  const isLasting = word !== "run" && word !== "build";
  if (isLasting && !caller.mayAskCargo) throw new NeedsCargo();
  if (word !== undefined && ![...OWN, ...CARGOS].includes(word)) {
    return handOver(argv, isCommand(word) ? `\`${word}\` is done` : undefined);
  }
  // What follows `--` is the program's, whatever it looks like.
  const at = args.indexOf("--");
  const own = at < 0 ? args : args.slice(0, at);
  await parse({ caller, given: argv, own, behind: at < 0 ? undefined : args.slice(at + 1) });
}
