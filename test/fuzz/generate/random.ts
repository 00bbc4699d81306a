/** Decisions that are the same for the same seed. */
import { randomNumbers } from "../../../bench/replay/edits.js";

export class Random {
  private readonly next: (below: number) => number;

  /** Numbers that belong together (a program's seed, a function, its version) draw one stream. */
  constructor(...seeds: readonly number[]) {
    // FNV-1a over the words, so that neighbours draw different streams.
    const seed = seeds.reduce((hash, word) => Math.imul(hash ^ (word + 0x9e37), 0x01000193) >>> 0, 0x811c9dc5);
    this.next = randomNumbers(seed);
    this.next(2);
  }

  /** At least 0. */
  below(limit: number): number {
    return this.next(limit);
  }

  /** Both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.below(from.length)];
    if (found === undefined) throw new Error("nothing to choose from");
    return found;
  }

  /** One of the values, each as likely as its weight says. */
  weighted<T>(from: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.below(from.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of from) {
      if (left < weight) return value;
      left -= weight;
    }
    throw new Error("nothing to choose from");
  }

  /** A 128-bit number. */
  bits(): bigint {
    let value = 0n;
    for (let i = 0; i < 8; i++) value = (value << 16n) | BigInt(this.below(65536));
    return value;
  }
}
