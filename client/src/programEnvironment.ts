/** The environment that a program is started in by the extension itself. */
import type { ProgramCommand } from "../../shared/src/lsp.js";

/** What an editor sets for its own processes; the server leaves the same out (server/src/lsp/protocol/environment.ts). */
const EDITORS_OWN = /^(ELECTRON_.+|VSCODE_.+|NODE_CHANNEL_.+|CHROME_DESKTOP|ORIGINAL_XDG_CURRENT_DESKTOP)$/;

/** The complete environment of `command`, whose `env` are changes to the one that the editor was started with. */
export function programEnvironment(
  env: NodeJS.ProcessEnv,
  changes: ProgramCommand["env"] = {},
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !EDITORS_OWN.test(name)) result[name] = value;
  }
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) Reflect.deleteProperty(result, name);
    else result[name] = value;
  }
  return result;
}
