/** The user's environment, as a server that an editor started can know it. */

/** What an editor sets for its own processes, and what would change what cargo and the programs do. */
const EDITORS_OWN = /^(ELECTRON_.+|VSCODE_.+|NODE_CHANNEL_.+|CHROME_DESKTOP|ORIGINAL_XDG_CURRENT_DESKTOP)$/;

/** The environment without what only concerns the editor. */
export function userEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !EDITORS_OWN.test(name)));
}
