// Programs that come from the distribution: found where they are, and installed with apt-get where that is possible.
import { existsSync } from "node:fs";
import path from "node:path";
import { run, StepError } from "./run.mjs";

/** The first of these programs that is on the PATH, as an absolute path. */
export function findProgram(...names) {
  for (const name of names)
    for (const folder of (process.env["PATH"] ?? "").split(path.delimiter)) {
      const file = path.join(folder, name);
      if (folder !== "" && existsSync(file)) return file;
    }
  return undefined;
}

const apt = { env: { DEBIAN_FRONTEND: "noninteractive" } };
const quiet = ["-q", "-o", "Dpkg::Use-Pty=0"];

/**
 * Installs one Debian package, as root on a machine with apt-get; the package lists are only fetched when the package
 * is not found without.
 *
 * @returns {Promise<boolean>} whether the package is installed now
 */
export async function installDebianPackage(name) {
  if (process.getuid?.() !== 0 || findProgram("apt-get") === undefined) return false;
  const install = () => run("apt-get", [...quiet, "install", "-y", "--no-install-recommends", name], apt);
  if ((await install()) === 0) return true;
  return (await run("apt-get", [...quiet, "update"], apt)) === 0 && (await install()) === 0;
}

/**
 * A program's path, after installing its Debian package when it is missing.
 *
 * @param {string[]} names what the program is called, the preferred one first
 * @param {string} name its Debian package
 * @param {string} purpose what it is needed for, for the message when it cannot be had
 */
export async function requireProgram(names, name, purpose) {
  const found = findProgram(...names);
  if (found !== undefined) return found;
  console.log(`installing the Debian package ${name}, ${purpose}`);
  const installed = (await installDebianPackage(name)) ? findProgram(...names) : undefined;
  if (installed === undefined)
    throw new StepError(
      `${names[0]} was not found, ${purpose}, and could not be installed: install it (Debian and Ubuntu, as root: \`apt-get install ${name}\`)`,
    );
  return installed;
}
