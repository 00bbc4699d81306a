/** A folder that is watched as `cranefly watch` does, and saves in it. */
import { BuildFailed } from "../../server/src/core/cargo/cargo.js";
import { Cancelled, messageOf } from "../../server/src/core/support/errors.js";
import { KeptCurrent } from "../../server/src/core/keptCurrent.js";
import { Watcher } from "../../server/src/core/watch/watcher.js";
import type { GenerationReport } from "../../shared/src/report.js";
import { type Place, openWorkspace } from "../workspace.js";

/** After so long without an event nobody will look at a save: no build has read the file. */
const UNSEEN_MS = 1500;

/** So many lines of what was said show why cargo fails. */
const MAX_SAID = 20;

/** What became of a save. */
export type Outcome =
  | { readonly kind: "built"; readonly report: GenerationReport; readonly ms: number; readonly isIdle: boolean }
  /** No build has read the file. */
  | { readonly kind: "unseen" }
  /** It does not compile; `reason`: the first error. */
  | { readonly kind: "broken"; readonly reason: string }
  /** Cranefly leaves it to cargo. */
  | { readonly kind: "fallback"; readonly reason: string; readonly ms: number };

export class Watched {
  private readonly kept: KeptCurrent;
  private onChange: (() => void) | undefined;
  private readonly watcher = new Watcher(() => this.onChange?.());
  /** What cargo, or Cranefly, has said last. */
  private said: readonly string[] = [];

  constructor(
    place: Omit<Place, "hasBodyLane">,
    private readonly stop: AbortSignal,
  ) {
    const onProgress = (line: string): void => void (this.said = [...this.said, line].slice(-MAX_SAID));
    this.kept = new KeptCurrent(() => openWorkspace({ ...place, hasBodyLane: true, onProgress }));
  }

  /** Brings the programs up to date with whatever the folder holds. Rejects with `Cancelled` when it is stopped. */
  async update(sinceMs = performance.now()): Promise<Exclude<Outcome, { kind: "unseen" }>> {
    this.said = [];
    try {
      const { report, state, published } = await this.kept.update(sinceMs, this.stop);
      const ms = performance.now() - sinceMs;
      await this.kept.watch(this.watcher, state, [], report.ok);
      const isIdle = report.lane !== "cargo" && report.reason === "nothing changed" && !published;
      if (report.ok) return { kind: "built", report, ms, isIdle };
      const error = report.diagnostics.find(({ level }) => level.startsWith("error"));
      return { kind: "broken", reason: error?.message ?? [report.reason, ...this.said].join("\n") };
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      this.kept.reset();
      const [reason = ""] = messageOf(error).split("\n");
      if (error instanceof BuildFailed) return { kind: "broken", reason };
      return { kind: "fallback", reason, ms: performance.now() - sinceMs };
    }
  }

  /** Saves, and waits until what the watcher sees of it has been dealt with. */
  async save(write: () => void): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined;
    const noticed = new Promise<boolean>((resolve) => {
      this.onChange = () => resolve(true);
      timer = setTimeout(() => resolve(false), UNSEEN_MS);
    });
    const sinceMs = performance.now();
    write();
    const isSeen = await noticed;
    clearTimeout(timer);
    this.onChange = undefined;
    if (!isSeen) return { kind: "unseen" };
    const outcome = await this.update(sinceMs);
    // What was seen was something else.
    return outcome.kind === "built" && outcome.isIdle ? { kind: "unseen" } : outcome;
  }

  /** Lets the crate lane follow, and what the next edits need be made ready. Gives what the lanes differ in. */
  async settle(): Promise<string | undefined> {
    return (await this.kept.follow(this.stop))?.divergence;
  }

  /** Ends the daemon as well. */
  async close(): Promise<void> {
    await this.watcher.close();
    await this.kept.workspace?.engine?.shutdown();
    this.kept.reset();
  }
}
