/** Waiting for conditions: every wait has a limit and, when it is reached, says what was seen last. */
import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds that anything in the editor may take, on a loaded machine. */
export const PATIENCE = 90_000;
const INTERVAL = 100;

export interface Patience {
  /** Milliseconds after which the wait fails. */
  readonly timeout?: number;
}

/**
 * Asks `probe` until its answer satisfies `accept`, and returns that answer. A probe that throws counts as an answer that
 * does not satisfy: elements come and go while the workbench renders.
 *
 * @param what names the condition in the error
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T> | T,
  accept: (value: T) => boolean,
  { timeout = PATIENCE }: Patience = {},
): Promise<T> {
  const end = Date.now() + timeout;
  let last: string;
  do {
    try {
      const value = await probe();
      if (accept(value)) return value;
      last = typeof value === "string" ? value : JSON.stringify(value ?? null, undefined, 1);
    } catch (error) {
      last = String(error);
    }
    await delay(INTERVAL);
  } while (Date.now() < end);
  throw new Error(`waited ${timeout / 1000} s for ${what}; last seen: ${last.slice(0, 4000)}`);
}
