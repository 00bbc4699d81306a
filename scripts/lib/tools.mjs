// Checks that the machine has what Cranefly is built with, and says what to install if not.
import { spawnSync } from "node:child_process";
import { StepError } from "./run.mjs";

const rustup = "install Rust 1.95 or newer with rustup (https://rustup.rs)";
const compiler = "install a C compiler (Debian and Ubuntu: `apt install gcc libc6-dev`; Fedora: `dnf install gcc`)";

/** First line of `command args`, or undefined when the program is not there or fails. */
function versionOf(command, args) {
  const result = spawnSync(command, args, { encoding: "utf8" });
  return result.status === 0 ? result.stdout.split("\n")[0].trim() : undefined;
}

/** @param {string} text @param {[number, number]} least */
export function isAtLeast(text, least) {
  const match = /(\d+)\.(\d+)/.exec(text);
  if (!match) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > least[0] || (major === least[0] && minor >= least[1]);
}

/**
 * Everything that is missing, one message each.
 *
 * @param {{ node: string, version: (command: string, args: string[]) => string | undefined }} machine
 */
export function missingTools(machine) {
  const missing = [];
  if (!isAtLeast(machine.node, [20, 0])) missing.push(`Node ${machine.node} is too old: install Node 20 or newer`);
  const rustc = machine.version("rustc", ["--version"]);
  if (rustc === undefined) missing.push(`rustc was not found: ${rustup}`);
  else if (!isAtLeast(rustc, [1, 95])) missing.push(`${rustc} is too old: \`rustup update stable\`, or ${rustup}`);
  if (machine.version("cargo", ["--version"]) === undefined) missing.push(`cargo was not found: ${rustup}`);
  if (machine.version("cc", ["--version"]) === undefined) missing.push(`cc was not found: ${compiler}`);
  return missing;
}

/** Ends with a message that names every missing tool. */
export function requireTools() {
  const missing = missingTools({ node: process.versions.node, version: versionOf });
  if (missing.length > 0) throw new StepError(`this machine lacks what the build needs\n  - ${missing.join("\n  - ")}`);
}

/** Whether a cargo subcommand is installed. */
export function hasCargoCommand(name) {
  return versionOf("cargo", [name, "--version"]) !== undefined;
}
