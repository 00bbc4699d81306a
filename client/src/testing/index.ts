import type { Context } from "../context.js";
import { TestExplorer } from "./explorer.js";

/** Adds Rust's tests to the Test Explorer. */
export function registerTesting(context: Context): void {
  context.features.testing = context.own(new TestExplorer(context));
}
