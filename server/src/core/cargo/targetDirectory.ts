/** Where a selection is built, and cargo's build of it there: what a workspace knows of cargo. */
import * as fs from "node:fs";
import * as path from "node:path";
import { type CaptureOptions, type Captured, capture } from "./capture.js";
import { type Metadata, loadMetadata } from "./cargo.js";
import { lendToCargo } from "./lend.js";
import { NeedsCargo, messageOf } from "../support/errors.js";
import { readText, writeIfChanged } from "../support/files.js";
import { fileTime } from "../support/stamps.js";
import { Layout, cacheDirectory } from "../support/layout.js";
import { forgetElsewhere } from "./elsewhere.js";
import { type Selection, selectionKey } from "./selection.js";
import { captureSingle } from "./singleFile.js";

/** cargo's target directory is not where it was. */
export class Moved extends Error {
  constructor(readonly root: string) {
    super(`the target directory is now ${root}`);
  }
}

export class TargetDirectory {
  /** The selection's. */
  readonly key: string;
  private layout: Layout | undefined;
  /** As it was when cargo built last. */
  private metadata: Metadata | undefined;

  /** `root`: its `target/cranefly`, where it is known; otherwise cargo is asked, if it may be. */
  constructor(
    private readonly selection: Selection,
    private readonly env: NodeJS.ProcessEnv,
    root?: string,
    private readonly isWithoutCargo = false,
  ) {
    this.key = selectionKey(selection, env);
    if (root !== undefined) this.layout = new Layout(root);
  }

  /** `target/cranefly`, once known. */
  get known(): Layout | undefined {
    return this.layout;
  }

  async find(signal: AbortSignal | undefined): Promise<Layout> {
    this.layout ??= await this.locate(signal);
    return this.layout;
  }

  /** It was configured anew: what is known of the old one is no use. */
  moveTo(root: string): void {
    forgetRoot(this.key, this.env);
    this.layout = new Layout(root);
  }

  /** Has cargo build. Throws `Moved`. `onForget`: what was built elsewhere is gone, and what comes anew may have its names. */
  async capture(layout: Layout, options: CaptureOptions, onForget: () => void): Promise<Captured> {
    const { selection, env } = this;
    if (selection.kind === "file") return captureSingle(layout, selection, options);
    const startedMs = fileTime(layout.private);
    const metadata = await loadMetadata(selection, selection.features, env, options.signal);
    this.metadata = metadata;
    const { root } = new Layout(path.join(metadata.target_directory, "cranefly"));
    if (root !== layout.root) throw new Moved(root);
    if (forgetElsewhere(layout, metadata)) onForget();
    const captured = await capture(layout, selection, metadata, startedMs, options);
    rememberRoot(this.key, layout.root, env);
    return captured;
  }

  /**
   * The program is cargo's: what is built here of other packages need not be built twice. Best effort: gives why it could not be done,
   * if there is something to say.
   */
  async lend(layout: Layout, signal: AbortSignal | undefined): Promise<string | undefined> {
    const { selection, env } = this;
    if (selection.kind === "file") return undefined;
    try {
      this.metadata ??= await loadMetadata(selection, selection.features, env, signal);
    } catch {
      // cargo itself says what is wrong.
      return undefined;
    }
    try {
      await lendToCargo(layout, this.metadata, signal);
      return undefined;
    } catch (error) {
      // A newer change ended it: nobody waits for cargo any more.
      return signal?.aborted === true ? undefined : `what is built could not be lent to cargo: ${messageOf(error)}`;
    }
  }

  private async locate(signal: AbortSignal | undefined): Promise<Layout> {
    const { selection, env } = this;
    if (selection.kind === "file") return new Layout(path.join(cacheDirectory(env), "single", this.key.slice(0, 16)));
    const known = findRoot(this.key, env);
    if (known !== undefined) return new Layout(known);
    if (this.isWithoutCargo) throw new NeedsCargo();
    const metadata = await loadMetadata(selection, selection.features, env, signal);
    return new Layout(path.join(metadata.target_directory, "cranefly"));
  }
}

/**
 * Where a selection's `target/cranefly` was. Only a hint, so that a second run need not ask cargo: the cargo lane asks again, and
 * the state in the folder says itself whether it is current.
 */
function hintFile(key: string, env: NodeJS.ProcessEnv): string {
  return path.join(cacheDirectory(env), "roots", key);
}

function findRoot(key: string, env: NodeJS.ProcessEnv): string | undefined {
  const root = readText(hintFile(key, env));
  return root !== undefined && fs.existsSync(root) ? root : undefined;
}

function rememberRoot(key: string, root: string, env: NodeJS.ProcessEnv): void {
  try {
    writeIfChanged(hintFile(key, env), root);
  } catch {
    // A home that cannot be written to costs one `cargo metadata` per run.
  }
}

function forgetRoot(key: string, env: NodeJS.ProcessEnv): void {
  fs.rmSync(hintFile(key, env), { force: true });
}
