/**
 * Whose tests are run. Versions are pinned: a new release of a package must not change what a test run means.
 */
import { fixture, published } from "../support/projects.js";

/** One project of the list. */
export interface Subject {
  readonly name: string;
  /** "published 1.2.3", or "fixture". */
  readonly origin: string;
  /** Brings the sources to disk and gives their folder. */
  readonly folder: () => Promise<string>;
  /** Package and features, as for `cargo test`. */
  readonly selection: readonly string[];
  /** Fewer tests than this mean that the comparison compared nothing. */
  readonly leastTests: number;
}

function crate(name: string, version: string, leastTests: number, selection: readonly string[] = []): Subject {
  const folder = () => published({ name, version });
  return { name, origin: `published ${version}`, folder, selection, leastTests };
}

/** A small program of this repository on a package whose own tests say little. */
function programOn(name: string, leastTests: number): Subject {
  const folder = () => fixture("registries");
  return { name, origin: "fixture", folder, selection: ["-p", `on-${name}`], leastTests };
}

export const subjects: readonly Subject[] = [
  crate("itoa", "1.0.19", 5),
  crate("memchr", "2.8.3", 50),
  crate("aho-corasick", "1.1.5", 40),
  crate("regex-syntax", "0.8.12", 100),
  crate("hashbrown", "0.17.1", 50),
  crate("indexmap", "2.14.2", 30),
  crate("smallvec", "1.16.6", 30),
  crate("serde_json", "1.0.154", 50),
  crate("crossbeam-channel", "0.5.17", 50),
  crate("rayon", "1.12.0", 50),
  crate("rand", "0.10.4", 10),
  crate("parking_lot", "0.13.0", 20),
  programOn("ctor", 5),
  programOn("inventory", 3),
  programOn("linkme", 5),
  {
    name: "aws-lc",
    origin: "fixture",
    folder: () => fixture("tls"),
    selection: [],
    leastTests: 3,
  },
];

/** Those that are quick enough for every run of the tests. */
export const quick: readonly string[] = ["itoa", "regex-syntax", "smallvec", "ctor", "inventory", "linkme", "aws-lc"];

/** The subjects with these names, in the list's order; all of them for no names. Throws for a name that is not there. */
export function select(names: readonly string[]): Subject[] {
  const unknown = names.filter((name) => !subjects.some((subject) => subject.name === name));
  if (unknown.length > 0)
    throw new Error(`not in the list: ${unknown.join(", ")} (there are ${subjects.map((s) => s.name).join(", ")})`);
  return subjects.filter((subject) => names.length === 0 || names.includes(subject.name));
}
