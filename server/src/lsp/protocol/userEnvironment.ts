/** The user's environment, as a server that an editor started can know it. */
import * as os from "node:os";
import * as path from "node:path";

/** What an editor sets for its own processes, and what would change what cargo and the programs do. */
const EDITORS_OWN = /^(ELECTRON_.+|VSCODE_.+|NODE_CHANNEL_.+|CHROME_DESKTOP|ORIGINAL_XDG_CURRENT_DESKTOP)$/;

/**
 * The environment without what only concerns the editor. An editor that was not started from a terminal may lack what the
 * user's shell adds to PATH, so the folder that rustup installs into is looked in, too, after all others.
 */
export function userEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !EDITORS_OWN.test(name)));
  return { ...kept, PATH: withCargo(env) };
}

function withCargo(env: NodeJS.ProcessEnv): string {
  const folder = path.join(env["CARGO_HOME"] ?? path.join(env["HOME"] ?? os.homedir(), ".cargo"), "bin");
  const folders = (env["PATH"] ?? "").split(path.delimiter).filter((entry) => entry !== "");
  return [...folders, ...(folders.includes(folder) ? [] : [folder])].join(path.delimiter);
}
