/** What the tests know of Cranefly: its names in the workbench, its settings that keep tests still, its processes. */
import * as path from "node:path";
import { expect } from "vitest";
import type { Process } from "../../../scripts/lib/processes.mjs";
import { until } from "./poll.js";
import type { Session } from "./session.js";
import type { Settings } from "./server.js";

const fixtures = path.resolve(import.meta.dirname, "../../fixtures");
/** The project that most tests open. */
export const sample = path.join(fixtures, "sample");
/** A project of one crate without dependencies, to build others on. */
export const minimal = path.join(fixtures, "minimal");

/** The status bar item. */
export const STATUS = "cranefly.cranefly.cranefly.status";

/** Every function shows its time as a lens, so that an update can be seen. */
export const everyFunctionHasALens: Settings = { "cranefly.lens.functions": "lens", "cranefly.lens.show": "all" };

/** Waits until nothing is being built, and then wants the project to be current, not stale or left to cargo. */
export async function expectCurrent({ workbench }: Session): Promise<string> {
  const settled = await workbench.statusBar.expect(STATUS, SETTLED, { timeout: 240_000 });
  expect(settled).toMatch(/is current/);
  return settled;
}

/** What the item says when nothing is under way. */
const SETTLED = /is current|is stale|nothing to run|run by cargo|engine (is|was)|not running/;

/**
 * Does something that makes Cranefly build, and waits until the status bar says what is `wanted`; gives all that it said
 * meanwhile. Programs and test harnesses are built one after the other, so this need not be the last that it says.
 */
export async function building(
  { workbench }: Session,
  act: () => Promise<void> | void,
  wanted: RegExp,
): Promise<string[]> {
  const labels = await workbench.statusBar.record(STATUS);
  await act();
  // The first label is the one from before.
  const isWanted = (all: string[]): boolean => all.slice(1).some((label) => wanted.test(label));
  return until(`the status ${String(wanted)}`, labels, isWanted, { timeout: 240_000 });
}

/** The engine's daemons of this editor. */
export function engines(session: Session): Process[] {
  return session.sandbox.processes().filter(({ command }) => /cranefly-engine\b.* serve\b/.test(command));
}
