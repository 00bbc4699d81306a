/** One project whose tests are run, and how it is chosen; `packages.ts` has the list. */
import { fixture, published } from "../support/projects.js";

export interface Subject {
  readonly name: string;
  /** "published 1.2.3", or "fixture". */
  readonly origin: string;
  /** Brings the sources to disk and gives their folder. */
  readonly folder: () => Promise<string>;
  /** Package, features and targets, as for `cargo test`. */
  readonly selection: readonly string[];
  /** Fewer tests than this mean that the comparison compared nothing. */
  readonly leastTests: number;
}

/** A published package, alone. */
export function crate(name: string, version: string, leastTests: number, selection: readonly string[] = []): Subject {
  const folder = () => published({ name, version });
  return { name, origin: `published ${version}`, folder, selection, leastTests };
}

/** A small program of this repository on a package whose own tests say little. */
export function programOn(name: string, leastTests: number): Subject {
  const folder = () => fixture("registries");
  return { name, origin: "fixture", folder, selection: ["-p", `on-${name}`], leastTests };
}

/** A project of `test/fixtures`. */
export function project(name: string, folder: string, leastTests: number): Subject {
  return { name, origin: "fixture", folder: () => fixture(folder), selection: [], leastTests };
}

/** Those of the list with these names, in its order; all of them for no names. Throws for a name that is not there. */
export function select(list: readonly Subject[], names: readonly string[]): Subject[] {
  const unknown = names.filter((name) => !list.some((subject) => subject.name === name));
  if (unknown.length > 0)
    throw new Error(`not in the list: ${unknown.join(", ")} (there are ${list.map((s) => s.name).join(", ")})`);
  return list.filter((subject) => names.length === 0 || names.includes(subject.name));
}
