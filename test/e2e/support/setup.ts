/** Before all tests: editor, browser and debug adapter are installed if they are missing. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { TestProject } from "vitest/node";
import { installEditor, requireBrowser, requireDebugAdapter } from "../../../scripts/lib/editor.mjs";
import type { EditorProgram } from "./server.js";

export interface Programs extends EditorProgram {
  readonly browser: string;
  readonly debugAdapter: string;
  /** The extension under test: a package, or a folder with a manifest. */
  readonly extension: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    programs: Programs;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const extension = process.env["CRANEFLY_EXTENSION_UNDER_TEST"];
  if (extension === undefined || !fs.existsSync(extension))
    throw new Error("CRANEFLY_EXTENSION_UNDER_TEST does not name the packaged extension: use `npm run e2e`");
  project.provide("programs", {
    ...((await installEditor()) as EditorProgram),
    browser: await requireBrowser(),
    debugAdapter: await requireDebugAdapter(),
    extension: path.resolve(extension),
  });
}
