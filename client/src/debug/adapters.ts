/** Which debug adapter there is: the user's lldb-dap, by whatever name it was installed. Knows nothing of VS Code. */
import * as fs from "node:fs";
import * as path from "node:path";

/** LLVM's names for it, the newest first: distributions add the version, and up to 17 it was called lldb-vscode. */
const NEWEST = 22;
const FIRST_DAP = 18;
const OLDEST = 14;

export function adapterNames(): string[] {
  const names = ["lldb-dap"];
  for (let version = NEWEST; version >= OLDEST; version--) {
    // Distributions renamed it at different versions.
    names.push(`lldb-dap-${version}`);
    if (version <= FIRST_DAP) names.push(`lldb-vscode-${version}`);
  }
  return [...names, "lldb-vscode"];
}

/** The program that a setting names, or the first of `adapterNames` in the search path; undefined when there is none. */
export function findAdapter(configured: string | undefined, searchPath: string): string | undefined {
  if (configured !== undefined && configured !== "") return isProgram(configured) ? configured : undefined;
  const folders = searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  for (const name of adapterNames()) {
    const found = folders.map((folder) => path.join(folder, name)).find(isProgram);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What to install, for a user who has no adapter. */
export const INSTALL_HINT =
  "install lldb (Debian and Ubuntu: `apt install lldb-19` or `lldb`; Fedora: `dnf install lldb`; Arch: `pacman -S lldb`) or the extension CodeLLDB, or set `cranefly.debug.lldbDapPath`";

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
