import type { Context } from "../context.js";

/** Adds Rust's tests to the Test Explorer. */
export function registerTesting(context: Context): void {
  context.features.testing = undefined;
}
