/** Where the engine is: its binary, and the folder of its sockets. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Unsupported } from "../support/errors.js";

/**
 * The engine's binary: the one that a setting names (`configured`), `CRANEFLY_ENGINE`, the one that is packaged with the
 * bundle, or the one built in this repository. Throws `Unsupported`.
 */
export function findEngine(env: NodeJS.ProcessEnv, bundleDir: string, configured?: string): string {
  const chosen = configured ?? env["CRANEFLY_ENGINE"];
  const candidates =
    chosen !== undefined && chosen !== ""
      ? [path.resolve(chosen)]
      : [
          path.join(bundleDir, "cranefly-engine"),
          path.join(bundleDir, "..", "engine", "cranefly-engine"),
          path.join(bundleDir, "..", "engine", "target", "release", "cranefly-engine"),
        ];
  const found = candidates.find((file) => fs.existsSync(file));
  if (found === undefined && chosen !== undefined && chosen !== "") {
    throw new Unsupported(
      `the engine is missing (${chosen}, which a setting names): correct the setting, or remove it`,
    );
  }
  if (found === undefined) {
    throw new Unsupported(`the engine is missing (${candidates.at(-1) ?? ""}): build it with "npm run build"`);
  }
  return fs.realpathSync(found);
}

/**
 * The directory of the sockets. Whoever can reach a socket can have code run as this user, so the directory must be
 * ours and closed to others; anything else is refused.
 */
export function socketDirectory(env: NodeJS.ProcessEnv): string {
  const uid = process.getuid?.() ?? 0;
  const runtime = env["XDG_RUNTIME_DIR"];
  const usesRuntime = runtime !== undefined && path.isAbsolute(runtime) && fs.existsSync(runtime);
  const directory = usesRuntime ? path.join(runtime, "cranefly") : path.join(os.tmpdir(), `cranefly-${uid}`);
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stat = fs.lstatSync(directory);
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o077) !== 0) {
    throw new Unsupported(`${directory} is not a directory that only you can enter: remove it`);
  }
  return directory;
}
