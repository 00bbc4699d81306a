import type { Context } from "../context.js";

/** Adds the dashboard. */
export function registerDashboard(context: Context): void {
  context.features.dashboard = undefined;
}
