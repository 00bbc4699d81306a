/**
 * When to start a server again that ended by itself: soon, then later and later, and no more after `limit` crashes within
 * `windowMs`. Knows no clock of its own, so that it can be tested.
 */
export interface CrashPolicy {
  readonly limit: number;
  readonly windowMs: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** Five crashes in three minutes are too many; the pauses before that are 0.5, 1, 2 and 4 seconds. */
export const defaultCrashPolicy: CrashPolicy = { limit: 5, windowMs: 180_000, firstDelayMs: 500, maxDelayMs: 15_000 };

/** What to do after a crash. */
export type CrashVerdict =
  { readonly kind: "restart"; readonly delayMs: number } | { readonly kind: "giveUp"; readonly crashes: number };

/** The crashes within the policy's window. */
export class CrashLog {
  private times: number[] = [];

  constructor(private readonly policy: CrashPolicy = defaultCrashPolicy) {}

  /** Notes a crash at `now` (milliseconds) and says what to do. */
  record(now: number): CrashVerdict {
    this.times = [...this.times.filter((time) => now - time < this.policy.windowMs), now];
    if (this.times.length >= this.policy.limit) {
      return { kind: "giveUp", crashes: this.times.length };
    }
    const delayMs = Math.min(this.policy.firstDelayMs * 2 ** (this.times.length - 1), this.policy.maxDelayMs);
    return { kind: "restart", delayMs };
  }

  /** Forgets all: the user asked for a new start. */
  clear(): void {
    this.times = [];
  }
}
