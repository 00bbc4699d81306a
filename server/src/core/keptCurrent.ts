/**
 * A workspace that is kept current for as long as somebody looks: updated after each change, watched for what it is made of, followed
 * by the crate lane while nobody waits. The command line and the language server decide when, and what is told.
 */
import { watchedFiles } from "./cargo/inputs.js";
import type { SelectionState } from "./cargo/selection.js";
import type { Watcher } from "./watch/watcher.js";
import type { Update, Workspace } from "./workspace.js";

/** How many changes in a row end the update that is under way, before one is let through. */
const MAX_OVERTAKEN = 10;

/** How long nobody has to have saved anything before what is behind is compiled. */
export const IDLE_MS = 30_000;

export interface CurrentUpdate extends Update {
  /** There is something to tell: what is built is not what it was, or it was asked of cargo, or it failed. */
  readonly hasChanged: boolean;
}

/** The crate lane's word on what the body lane did. */
export interface Followed extends CurrentUpdate {
  /** For the user: where the two differ; undefined where they do not. */
  readonly divergence: string | undefined;
}

export class KeptCurrent {
  private opened: Workspace | undefined;
  private overtaken = 0;

  /** `open`: opens the workspace, anew after `reset`. May throw `Unsupported`. */
  constructor(private readonly open: () => Workspace) {}

  get workspace(): Workspace | undefined {
    return this.opened;
  }

  /**
   * Whether a change may end the update that is under way. What is no source, such as what a build writes, is looked at when that
   * is through; and no update is overtaken for ever, even by what it writes anew each time.
   */
  mayOvertake(isSource: boolean): boolean {
    return isSource && this.overtaken < MAX_OVERTAKEN;
  }

  /** An update was ended by a newer change. */
  overtook(): void {
    this.overtaken++;
  }

  /** As `Workspace.update`. */
  async update(sinceMs: number, signal?: AbortSignal): Promise<CurrentUpdate> {
    this.opened ??= this.open();
    const update = await this.opened.update(sinceMs, signal);
    this.overtaken = 0;
    return { ...update, hasChanged: hasChanged(update) };
  }

  /** As `Workspace.isBehind`: `follow` is to be called when nobody has saved anything for `IDLE_MS`. */
  get isBehind(): boolean {
    return this.opened?.isBehind === true;
  }

  /** As `Workspace.follow`. */
  async follow(signal: AbortSignal, isIdle = false): Promise<Followed | undefined> {
    const update = await this.opened?.follow(signal, isIdle);
    if (update === undefined) return undefined;
    const diverged = update.report.programs.flatMap(({ verified }) => verified?.diverged ?? []);
    const divergence = diverged.length === 0 ? undefined : divergenceOf(diverged.join(", "));
    return { ...update, hasChanged: hasChanged(update), divergence };
  }

  /**
   * Watches what a state is made of, too. Gives whether anything is watched now that was not: what changed there before was not
   * seen, and has to be looked for. `others`: what no build has read; `folders`: where the sources are, as long as no state tells.
   */
  watch(
    watcher: Watcher,
    state: SelectionState | undefined,
    others: readonly string[],
    isComplete: boolean,
    folders?: readonly string[],
  ): Promise<boolean> {
    const files = watchedFiles(this.opened?.layout, state, this.opened?.records);
    return watcher.follow({ ...files, roots: files.roots ?? folders, others }, isComplete);
  }

  /** Lets go of the workspace: the next update opens it anew. */
  reset(): void {
    this.overtaken = 0;
    this.opened?.close();
    this.opened = undefined;
  }
}

/** For the user: the lanes differ in these functions. The body lane may have compiled them otherwise, or not at all. */
export function divergenceOf(functions: string): string {
  return `after the last edits ${functions} ran otherwise than the crate lane compiled it, whose code is used now: please report this`;
}

function hasChanged({ report, published }: Update): boolean {
  return report.lane === "cargo" || published || !report.ok;
}
