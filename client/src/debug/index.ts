import type { Context } from "../context.js";

/** Adds the debug type and what starts debug sessions. */
export function registerDebug(context: Context): void {
  context.features.debugging = undefined;
}
