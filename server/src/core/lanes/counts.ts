/** Counts edits of function bodies: how many were published, and why the others were not. */
import type { BodyLaneStatistics } from "../../../../shared/src/report.js";
import type { Refusal } from "../edits/refusal.js";

export class FunctionEditCounts {
  private readonly counts = { taken: 0, patched: 0, verified: 0, divergences: 0 };
  private readonly refusals = new Map<string, number>();
  private readonly overlaid = new Map<string, number>();

  get statistics(): BodyLaneStatistics {
    return { ...this.counts, refusals: byFrequency(this.refusals), overlaid: byFrequency(this.overlaid) };
  }

  /** An edit was published. `isPatch`: as a patch crate. */
  took(isPatch: boolean): void {
    this.counts.taken++;
    if (isPatch) this.counts.patched++;
  }

  /** An edit was left to the crate lane. */
  refused({ category }: Refusal): void {
    add(this.refusals, category);
  }

  /** An edit had no patch crate, so an overlay was tried. */
  hadNoPatch({ category }: Refusal): void {
    add(this.overlaid, category);
  }

  /** The crate lane's functions were compared with the body lane's. */
  verified(divergences: number): void {
    this.counts.verified++;
    this.counts.divergences += divergences;
  }
}

function add(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function byFrequency(counts: ReadonlyMap<string, number>): { readonly reason: string; readonly count: number }[] {
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}
