/** The entry of the `cranefly` command: its commands and their options. */
import { Command, InvalidArgumentError, Option } from "commander";
import { BuildFailed, messageOf } from "../core/errors.js";
import { cleanCommand, statusCommand, stopCommand } from "./daemon.js";
import { takeLauncher } from "./launch.js";
import { type SelectionOptions, addSelectionOptions, isPlace } from "./options.js";
import { buildCommand, runCommand } from "./run.js";
import { writeAll } from "./terminal.js";
import { type TestOptions, testCommand } from "./test.js";
import { type WatchOptions, watchCommand } from "./watch.js";

const VERSION = "0.1.0";

function grammar(programArgs: readonly string[]): Command {
  const main = new Command("cranefly")
    .description("Runs Rust programs from their sources: rustc stops at bitcode, a resident engine does the rest.")
    .version(VERSION)
    .enablePositionalOptions()
    .showHelpAfterError("(cranefly COMMAND --help lists the options)");

  addSelectionOptions(main.command("run"), "run")
    .description("build what is not current, then run the program")
    .argument("[DIR | FILE.rs]", "a package's folder or a single source file")
    .usage("[DIR | FILE.rs] [options] [-- ARGS…]")
    .action((place: string | undefined, options: SelectionOptions) => runCommand(place, options, programArgs));

  addSelectionOptions(main.command("build"), "build")
    .description("build what is not current")
    .argument("[DIR | FILE.rs]", "a package's folder or a single source file")
    .action((place: string | undefined, options: SelectionOptions) => buildCommand(place, options));

  addSelectionOptions(main.command("test"), "build")
    .description("build and run the tests")
    .argument("[DIR]", "a package's folder, if it contains a slash or is “.”")
    .argument("[FILTER]", "run only tests whose names contain this")
    .usage("[DIR] [options] [FILTER] [-- LIBTEST ARGS…]")
    .option("--no-fail-fast", "run all targets even if one fails")
    .option("--no-run", "build, but do not run")
    .option("--doc", "documentation tests only (by cargo)")
    .action((first: string | undefined, second: string | undefined, options: TestOptions) => {
      const hasPlace = first !== undefined && isPlace(first);
      return testCommand(hasPlace ? first : undefined, hasPlace ? second : first, options, programArgs);
    });

  addSelectionOptions(main.command("watch"), "watch")
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
    .option("--no-body-lane", "never compile edited functions before the rest of their crate")
    .action((place: string | undefined, options: WatchOptions) => watchCommand(place, options, programArgs));

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

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError("Not a time.");
  return value;
}

async function main(argv: readonly string[]): Promise<void> {
  // What follows `--` is the program's, whatever it looks like.
  const at = argv.indexOf("--");
  const own = at < 0 ? argv : argv.slice(0, at);
  const programArgs = at < 0 ? [] : argv.slice(at + 1);
  await grammar(programArgs).parseAsync(own, { from: "user" });
}

main(takeLauncher(process.argv.slice(2))).catch((error: unknown) => {
  writeAll(2, `cranefly: ${messageOf(error)}\n`);
  process.exitCode = error instanceof BuildFailed ? error.exitCode : 101;
});
