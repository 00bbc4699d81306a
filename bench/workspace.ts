/** A workspace of Cranefly's, in this process, as the command line and the language server have it. */
import { availableParallelism } from "node:os";
import * as path from "node:path";
import { findEngine } from "../server/src/core/engine/location.js";
import type { Selection } from "../server/src/core/cargo/selection.js";
import { Workspace } from "../server/src/core/workspace.js";

export const repository = process.env["CRANEFLY_REPOSITORY"] ?? process.cwd();
/** Where `npm run build` puts what the server runs from. */
export const bundles = path.join(repository, "dist");

export interface Place {
  readonly folder: string;
  /** Which of its programs are built, as for cargo. */
  readonly targets: readonly string[];
  readonly command?: Selection["command"];
  readonly env: NodeJS.ProcessEnv;
  readonly hasBodyLane: boolean;
  /** Absolute paths of what an editor would have open. */
  readonly openFiles?: () => readonly string[];
  /** What cargo says, and what is being done. */
  readonly onProgress?: (line: string) => void;
}

/** Opens a package or workspace. Nothing is built yet. */
export function openWorkspace(place: Place): Workspace {
  const silent = (): void => undefined;
  const { folder, targets, command = "build", env, hasBodyLane, openFiles, onProgress = silent } = place;
  return new Workspace(
    {
      kind: "cargo",
      command,
      cwd: folder,
      manifestPath: path.join(folder, "Cargo.toml"),
      targets,
      features: [],
      profile: undefined,
      global: [],
    },
    {
      env,
      engine: findEngine(env, bundles),
      shimBundle: path.join(bundles, "shim.cjs"),
      color: false,
      quiet: true,
      jobs: availableParallelism(),
      ...(hasBodyLane ? { bodyLane: bundles } : {}),
      ...(openFiles === undefined ? {} : { openFiles }),
    },
    { onDiagnostic: silent, onClosing: silent, onProgress, onWait: silent },
  );
}
