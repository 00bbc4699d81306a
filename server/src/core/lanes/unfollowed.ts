/**
 * What the programs of a target directory have that the crate lane has not compiled yet, on the disk: for the process that follows when the one
 * that published has ended, and for the next command, which has to hear what the follower has found. By unit, for several selections may
 * have programs there: what one has compiled another one may not.
 */
import * as fs from "node:fs";
import * as z from "zod";
import { readJson, writeAtomic } from "../support/files.js";
import type { Layout } from "../support/layout.js";

const UnfollowedUnit = z.object({
  /** Digests of the texts, by file. */
  files: z.record(z.string(), z.string()),
  /** The crate lane was tried, and does not compile. */
  hasFailed: z.boolean(),
});
type UnfollowedUnit = z.infer<typeof UnfollowedUnit>;

const Unfollowed = z.object({ version: z.literal(2), units: z.record(z.string(), UnfollowedUnit) });

function read(layout: Layout): Readonly<Record<string, UnfollowedUnit>> {
  return readJson(layout.unfollowed, Unfollowed)?.units ?? {};
}

function write(layout: Layout, units: Readonly<Record<string, UnfollowedUnit>>): void {
  if (Object.keys(units).length === 0) fs.rmSync(layout.unfollowed, { force: true });
  else writeAtomic(layout.unfollowed, JSON.stringify({ version: 2, units } satisfies z.infer<typeof Unfollowed>));
}

/** The texts that these units have and the crate lane has not compiled: their digests, by file. */
export function readUnfollowed(layout: Layout, units: readonly string[]): Map<string, string> {
  const all = read(layout);
  return new Map(units.flatMap((key) => Object.entries(all[key]?.files ?? {})));
}

/** Whether the crate lane was tried on one of these units, and does not compile. */
export function hasFailed(layout: Layout, units: readonly string[]): boolean {
  const all = read(layout);
  return units.some((key) => all[key]?.hasFailed === true);
}

/** Some of `units`, those of a selection, have these texts; the others are as the crate lane compiled them. */
export function keepUnfollowed(
  layout: Layout,
  units: readonly string[],
  texts: ReadonlyMap<string, ReadonlyMap<string, string>>,
): void {
  const fresh = [...texts].map(
    ([key, files]) => [key, { files: Object.fromEntries(files), hasFailed: false }] as const,
  );
  write(layout, { ...others(layout, units), ...Object.fromEntries(fresh) });
}

/** The crate lane does not compile those of the units that it has not compiled yet. */
export function keepFailed(layout: Layout, units: readonly string[]): void {
  const all = read(layout);
  const behind = units.filter((key) => key in all);
  const failed = (behind.length > 0 ? behind : units).map((key) => {
    return [key, { files: all[key]?.files ?? {}, hasFailed: true }] as const;
  });
  write(layout, { ...all, ...Object.fromEntries(failed) });
}

/** The crate lane has compiled all of these units. */
export function forgetUnfollowed(layout: Layout, units: readonly string[]): void {
  if (fs.existsSync(layout.unfollowed)) write(layout, others(layout, units));
}

function others(layout: Layout, units: readonly string[]): Record<string, UnfollowedUnit> {
  return Object.fromEntries(Object.entries(read(layout)).filter(([key]) => !units.includes(key)));
}
