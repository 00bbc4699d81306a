/** The entry of the `cranefly` command, and of the processes that it leaves in the background. */
import { BuildFailed } from "../core/cargo/cargo.js";
import { messageOf } from "../core/support/errors.js";
import { ownCaller } from "./caller.js";
import { runCommandLine, toolchainOf } from "./commandLine.js";
import { FOLLOW, followCommand } from "./follow.js";
import { residentCommand } from "./resident.js";
import { RESIDENT } from "./residentSocket.js";
import { BUNDLE_DIRECTORY } from "./session.js";
import { takeLauncher, useToolchain } from "./startScript.js";
import { writeAll } from "./terminal.js";

async function main(argv: readonly string[]): Promise<void> {
  const [first = ""] = argv;
  if (first === FOLLOW) return followCommand(BUNDLE_DIRECTORY);
  if (first === RESIDENT) return residentCommand();
  const toolchain = toolchainOf(argv);
  if (toolchain !== undefined) useToolchain(toolchain);
  await runCommandLine(argv, ownCaller());
}

main(takeLauncher(process.argv.slice(2))).catch((error: unknown) => {
  writeAll(2, `cranefly: ${messageOf(error)}\n`);
  process.exitCode = error instanceof BuildFailed ? error.exitCode : 101;
});
