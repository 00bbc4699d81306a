/** What projects share, and how one opens the core's workspace for a build. */
import { availableParallelism } from "node:os";
import * as path from "node:path";
import type PQueue from "p-queue";
import type { Connection } from "vscode-languageserver/node";
import type { ServerSettings } from "../../../../shared/src/lsp.js";
import type { Listener } from "../../core/generation.js";
import { Workspace } from "../../core/workspace.js";
import type { BuildKind, Log } from "../protocol/api.js";
import { fileSelection, selectionOf } from "./cargoSettings.js";

/** Where a project is: a cargo workspace's root, or a source file. */
export interface ProjectLocation {
  readonly root: string;
  readonly file?: string | undefined;
}

/** What projects share. */
export interface ProjectServices {
  readonly connection: Connection;
  readonly queue: PQueue;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** The directory of the bundles. */
  readonly bundleDir: string;
  /** Absolute paths of all documents that are open. */
  readonly openFiles: () => readonly string[];
  settings(): ServerSettings;
}

/** Opens a workspace. Nothing is built yet. */
export function openWorkspace(
  { root, file }: ProjectLocation,
  kind: BuildKind,
  services: ProjectServices,
  {
    env,
    engine,
    specOf,
  }: { readonly env: NodeJS.ProcessEnv; readonly engine: string; readonly specOf: (name: string) => string },
  listener: Listener,
): Workspace {
  const settings = services.settings();
  const options = {
    env,
    engine,
    shimBundle: path.join(services.bundleDir, "shim.cjs"),
    color: false,
    quiet: false,
    jobs: settings.jobs ?? availableParallelism(),
    ...(settings.bodyLane ? { bodyLane: services.bundleDir } : {}),
    openFiles: services.openFiles,
  };
  const selection = file === undefined ? selectionOf(kind, root, settings.cargo, specOf) : fileSelection(file, root);
  return new Workspace(selection, options, listener);
}
