/**
 * Which of the units that cargo has built here may be lent to its own build directory: those of which it is certain that cargo would
 * build the same. Whatever is not as expected is not lent, nor what uses it: then cargo builds it.
 *
 * A unit is named by its package and hash. cargo's note of it, `.fingerprint/UNIT`, holds the hash of its fingerprint once it is
 * complete (it is made empty before the unit is built), and as JSON the fingerprints of the units that it uses.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { isOnlyDynamic } from "../units/arguments.js";
import { list, readJson, readText, statOf } from "../support/files.js";
import type { Layout } from "../support/layout.js";
import { adoptedPackages } from "./adoptedPackages.js";
import { type Metadata, localPackages } from "./cargo.js";
import { hasStrangers } from "./strangers.js";

/** Where cargo notes what it built in a profile's folder, by package and hash. */
export const NOTES = ".fingerprint";

export interface Unit {
  /** `PACKAGE-HASH`. */
  readonly name: string;
  /** The profile's, below the target directory. */
  readonly folder: string;
  /** The note's name: what cargo made, and its target. */
  readonly kind: string;
  /** Hexadecimal, as cargo notes it. */
  readonly fingerprint: string;
  /** Fingerprints of the units that it uses, see `asNumber`. */
  readonly uses: readonly number[];
  /** The names in `deps` of what was made of the unit. */
  readonly libraries: readonly string[];
}

export interface Judgement {
  /** Those to lend, each after those that it uses. */
  readonly lent: readonly Unit[];
  /** Those that they use, and that are there already as they are here. */
  readonly there: readonly Unit[];
}

/** `build`: cargo's own build directory. */
export function judge(layout: Layout, metadata: Metadata, build: string): Judgement {
  const kept = keptPackages(layout, metadata);
  const units = profileFolders(layout.root).flatMap((folder) => unitsOf(layout.root, folder));
  const byFingerprint = grouped(units, ({ fingerprint }) => asNumber(fingerprint));
  const isStrange = new Map<string, boolean>();
  const strange = (folder: string): boolean => {
    const known = isStrange.get(folder) ?? hasStrangers(layout.root, folder, metadata);
    isStrange.set(folder, known);
    return known;
  };
  const there = new Map<string, Present>();
  const present = (folder: string): Present => {
    const known = there.get(folder) ?? presentIn(path.join(build, folder));
    there.set(folder, known);
    return known;
  };
  const isCertain = (unit: Unit): boolean =>
    !kept.has(packageOf(unit.name)) &&
    hasOutput(layout.root, unit) &&
    (!isRun(unit) || (isHarmless(layout.root, unit) && !strange(unit.folder)));
  const verdicts = new Map<Unit, "lent" | "there" | "left">();
  const visit = (unit: Unit): "lent" | "there" | "left" => {
    const known = verdicts.get(unit);
    if (known !== undefined) return known;
    // (Units use each other in no circle. If they did, they would be left.)
    verdicts.set(unit, "left");
    const used = unit.uses.map((fingerprint) => byFingerprint.get(fingerprint) ?? []);
    const isLeft =
      !isCertain(unit) || used.some((all) => all.length === 0 || all.some((item) => visit(item) === "left"));
    const isThere = !isLeft && isNamed(present(unit.folder), unit);
    const verdict = isLeft || (isThere && !isSame(layout.root, build, unit)) ? "left" : isThere ? "there" : "lent";
    // As the last one: dependencies come first.
    verdicts.delete(unit);
    verdicts.set(unit, verdict);
    return verdict;
  };
  for (const unit of units) visit(unit);
  const all = (wanted: string): Unit[] =>
    [...verdicts].flatMap(([unit, verdict]) => (verdict === wanted ? [unit] : []));
  return { lent: all("lent"), there: all("there") };
}

/** Packages of which something else is built here than cargo would. */
function keptPackages(layout: Layout, metadata: Metadata): Set<string> {
  const dynamic = metadata.packages.filter(({ targets }) =>
    targets.some(({ crate_types: kinds }) => isOnlyDynamic(kinds)),
  );
  return new Set(
    [...localPackages(metadata), ...adoptedPackages(layout, metadata), ...dynamic].map(({ name }) => name),
  );
}

/** Below a target directory: `PROFILE` and `TARGET/PROFILE`. */
function profileFolders(root: string): string[] {
  const folders = list(root).flatMap((name) => [
    name,
    ...list(path.join(root, name)).map((inner) => path.join(name, inner)),
  ]);
  return folders.filter((folder) => statOf(path.join(root, folder, NOTES))?.isDirectory() === true);
}

/** The complete ones. */
function unitsOf(root: string, folder: string): Unit[] {
  const from = path.join(root, folder);
  const libraries = grouped(list(path.join(from, "deps")), hashIn);
  return list(path.join(from, NOTES)).flatMap((name): Unit[] => {
    const note = readNote(path.join(from, NOTES, name));
    return note === undefined ? [] : [{ ...note, name, folder, libraries: libraries.get(hashOf(name)) ?? [] }];
  });
}

/** The part of a fingerprint that is looked at: of each unit that it uses package, name, whether it is public, and fingerprint. */
const Fingerprint = z.looseObject({ deps: z.array(z.tuple([z.number(), z.string(), z.boolean(), z.number()])) });

/** Undefined for what is not complete, and for anything but a library, a build script or its run. */
function readNote(folder: string): Pick<Unit, "kind" | "fingerprint" | "uses"> | undefined {
  const [json, ...others] = list(folder).filter((name) => name.endsWith(".json"));
  if (json === undefined || others.length > 0) return undefined;
  const kind = path.basename(json, ".json");
  const fingerprint = readText(path.join(folder, kind));
  if (fingerprint === undefined || !/^[0-9a-f]{16}$/.test(fingerprint)) return undefined;
  if (!/^(?:lib|build-script|run-build-script)-/.test(kind)) return undefined;
  const parsed = readJson(path.join(folder, json), Fingerprint);
  return parsed && { kind, fingerprint, uses: parsed.deps.map(([, , , used]) => used) };
}

/** A fingerprint as JSON has it, in which numbers have 53 bits. cargo notes the bytes of the 64-bit number, lowest first. */
function asNumber(fingerprint: string): number {
  return Number(Buffer.from(fingerprint, "hex").readBigUInt64LE());
}

function isRun({ kind }: Unit): boolean {
  return kind.startsWith("run-build-script-");
}

function hasOutput(root: string, { folder, name, kind, libraries }: Unit): boolean {
  if (kind.startsWith("lib-")) return libraries.some((file) => /\.(?:rlib|so)$/.test(file));
  const files = list(path.join(root, folder, "build", name));
  return kind.startsWith("run-") ? files.includes("output") : files.some((file) => hashIn(file) === hashOf(name));
}

/** What cargo keeps of a script's run. */
const OF_RUN = ["invoked.timestamp", "out", "output", "root-output", "stderr"];

/** What only says how a package is compiled, and when the script is to run again. */
const HARMLESS = /^cargo::?(?:rustc-cfg|rustc-check-cfg|rerun-if-changed|rerun-if-env-changed|warning)=/;

/** Whether a script's run has left nothing but words, of which none names a place here: so it goes with scripts that ask what the compiler can do. */
function isHarmless(root: string, { folder, name }: Unit): boolean {
  const of = path.join(root, folder, "build", name);
  const output = readText(path.join(of, "output"));
  if (output === undefined || output.includes(root) || !hasEmptyFolder(of)) return false;
  const isKnown = (line: string): boolean => !line.startsWith("cargo:") || HARMLESS.test(line);
  return (
    list(of).every((file) => OF_RUN.includes(file)) &&
    output
      .split("\n")
      .map((line) => line.trim())
      .every(isKnown)
  );
}

/** A folder that cannot be read is not known to be empty. */
function hasEmptyFolder(ofRun: string): boolean {
  try {
    return fs.readdirSync(path.join(ofRun, "out")).length === 0;
  } catch {
    return false;
  }
}

/** What is in cargo's own folder of a profile. */
interface Present {
  readonly units: ReadonlySet<string>;
  /** Of files in `deps`. */
  readonly hashes: ReadonlySet<string | undefined>;
}

function presentIn(folder: string): Present {
  return {
    units: new Set([...list(path.join(folder, NOTES)), ...list(path.join(folder, "build"))]),
    hashes: new Set(list(path.join(folder, "deps")).map(hashIn)),
  };
}

/** Whether anything of that name is there, a note or not. */
function isNamed({ units, hashes }: Present, { name }: Unit): boolean {
  return units.has(name) || hashes.has(hashOf(name));
}

/** Whether what is there is what other units were compiled with here. */
function isSame(root: string, build: string, { folder, name, kind, fingerprint, libraries }: Unit): boolean {
  const [from, to] = [path.join(root, folder), path.join(build, folder)];
  if (readText(path.join(to, NOTES, name, kind)) !== fingerprint) return false;
  const isEqual = (...file: string[]): boolean => areEqual(path.join(from, ...file), path.join(to, ...file));
  if (kind.startsWith("build-script-")) return true;
  if (kind.startsWith("run-")) return isEqual("build", name, "output") && hasEmptyFolder(path.join(to, "build", name));
  // All that rustc reads of a library to compile another crate is its metadata as well; of a procedural macro there is only the macro.
  const metadata = libraries.filter((file) => file.endsWith(".rmeta"));
  const read = metadata.length > 0 ? metadata : libraries.filter((file) => /\.(?:rlib|so)$/.test(file));
  return read.every((file) => isEqual("deps", file));
}

function areEqual(one: string, other: string): boolean {
  const [a, b] = [statOf(one), statOf(other)];
  if (a === undefined || b === undefined || a.size !== b.size) return false;
  if (a.dev === b.dev && a.ino === b.ino) return true;
  try {
    return fs.readFileSync(one).equals(fs.readFileSync(other));
  } catch {
    return false;
  }
}

function packageOf(unit: string): string {
  return unit.replace(/-[0-9a-f]{16}$/, "");
}

function hashOf(unit: string): string {
  return unit.slice(unit.lastIndexOf("-") + 1);
}

/** The hash in a file's name. */
function hashIn(file: string): string | undefined {
  return /-([0-9a-f]{16})(?:\.|$)/.exec(file)?.[1];
}

function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
