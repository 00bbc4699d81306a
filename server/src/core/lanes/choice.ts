/** Whether a crate's overlay is worth it: blanked bodies save little where most of the time goes into expansion and name resolution. */

/** What an overlay may take of the crate lane's time: that has to follow in any case. */
const WORTH = 0.8;

/** Milliseconds below which nothing is worth thinking about. */
const SHORT = 1500;

/** How many edits go by until an overlay that was too slow is tried again: the machine may have been busy. */
const PATIENCE = 16;

export class BodyLaneCosts {
  /** Milliseconds of rustc, by unit: the least, since a busy machine only makes it more. */
  private readonly crates = new Map<string, number>();
  private readonly overlays = new Map<string, { readonly ms: number; skipped: number }>();

  crateTook(key: string, ms: number): void {
    this.crates.set(key, Math.min(ms, this.crates.get(key) ?? ms));
  }

  overlayTook(key: string, ms: number): void {
    this.overlays.set(key, { ms: Math.min(ms, this.overlays.get(key)?.ms ?? ms), skipped: 0 });
  }

  /** Whether an edit should rather be the crate lane's. To be asked once an edit. */
  isTooSlow(key: string): boolean {
    const [crate, overlay] = [this.crates.get(key), this.overlays.get(key)];
    if (crate === undefined || overlay === undefined) return false;
    if (overlay.ms < SHORT || overlay.ms <= crate * WORTH) return false;
    if (overlay.skipped++ < PATIENCE) return true;
    overlay.skipped = 0;
    return false;
  }
}
