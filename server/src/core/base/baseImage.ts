/**
 * The base images of a program: std, the registry crates and the C libraries, linked once into a `libbase.so` for what the
 * program has in common with C.
 *
 * Takes unit records and the program's interface, gives the path of the image; knows which images there are, not how one
 * is made.
 */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import type { ProgramInterface } from "../../../../shared/src/protocol.js";
import { collectInputs } from "./baseInputs.js";
import { BaseLink, type Linking } from "./baseLink.js";
import { Images, indexIn, notePublished, removeUnusedBases } from "./baseStore.js";
import { Unsupported } from "../support/errors.js";
import { digest, list, readJson, writeAtomic } from "../support/files.js";
import { programFile } from "../support/process.js";
import { isCurrent, stamp } from "../support/stamps.js";
import type { Layout } from "../support/layout.js";
import { nativeLibraries } from "./nativeLibraries.js";
import type { CrateEntry } from "./standIn.js";
import type { LinkAttribute } from "../source/linkAttributes.js";
import { CompiledNatively, adoptedCrates } from "../units/adopted.js";
import { inspectArgs } from "../units/arguments.js";
import type { Toolchain } from "../units/toolchain.js";
import { type Program, unitsOf } from "../units/program.js";
import type { UnitRecords } from "../units/records.js";
import { loadedCrates } from "../units/loadedCrates.js";
import type { UnitRecord } from "../units/record.js";

/** What a base image was linked for: the engine checks it with every publication. */
interface Linked {
  readonly defines: readonly string[];
  readonly needs: readonly string[];
  readonly offered: readonly string[];
  /** The program's crates, in the linker's order. */
  readonly crates: readonly string[];
  /** What each of them has in the arrays of constructors and destructors. */
  readonly entries: readonly CrateEntry[];
  /** Sections that the program was to add to. */
  readonly sections: readonly string[];
  /** What the program was to define unless something else does, and those of these names that something else defines. */
  readonly weak: readonly string[];
  readonly overridden: readonly string[];
  /** What nothing defines, and what the program may refer to without reaching anything of that. */
  readonly undefined: readonly string[];
  readonly references: readonly string[];
  /** The shared libraries that the linker has read. */
  readonly libraries: readonly string[];
}

/** With what base images are made, and where they lie. */
export interface BaseContext {
  readonly layout: Layout;
  readonly toolchain: Toolchain;
  /** Where the bundles are. */
  readonly bundleDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** A program's base image. */
interface Ensured {
  readonly image: string;
  readonly isNew: boolean;
}

/**
 * Makes sure that the base image of a program exists. `adopted`: units that are no part of what the workspace uses by itself, but may be
 * of what that uses. `common`: what the program has in common with C.
 */
async function ensureBase(
  context: BaseContext,
  closure: readonly UnitRecord[],
  adopted: readonly UnitRecord[],
  common: ProgramInterface,
): Promise<Ensured> {
  const { layout, toolchain, bundleDir, env, signal } = context;
  const attributes = new Map<UnitRecord, readonly LinkAttribute[]>();
  for (const unit of [...adopted, ...closure]) {
    if (unit.linkSources.length > 0) attributes.set(unit, await nativeLibraries(unit, toolchain, bundleDir, env));
  }
  const inputs = collectInputs(closure, adopted, attributes);
  const linker = programFile(inputs.linker, inputs.cwd, env);
  const key = digest(
    JSON.stringify(inputs),
    toolchain.version,
    toolchain.sysroot,
    ...(await loadedByAll(context, [...adopted, ...closure])),
    ...inputs.libraries.map((library) => {
      const { size, mtimeMs } = fs.statSync(library);
      return `${library} ${size} ${Math.floor(mtimeMs)}`;
    }),
  );
  const directory = path.join(layout.bases, key);
  const index = indexIn(directory);
  let known = readJson(index, Images);
  // Where there is no linker now, what one has made is as good as ever.
  const isOthers = linker !== undefined && linker !== known?.linker;
  // (Programs may still run on the images that it lists.)
  if (isOthers || known?.files.every(isCurrent) !== true) known = undefined;
  const wanted = selection(common, known);
  const existing = known?.images.findLast((image) => {
    const linked = selection(image.interface, known);
    // Where the engine does not tell references it has no doubts, and so none about what knows more.
    const { references } = common.references.length === 0 ? common : linked;
    return isDeepStrictEqual({ ...linked, references }, wanted);
  })?.folder;
  if (existing !== undefined && linkedCrates(imageIn(existing)) !== undefined && fs.existsSync(imageIn(existing))) {
    return { image: imageIn(existing), isNew: false };
  }

  const others = (known?.images ?? []).filter(({ folder }) => folder !== existing);
  // Never one that was there before: images of programs may have been linked against what was in it.
  const folder = path.join(directory, randomBytes(8).toString("hex"));
  const startedMs = Date.now();
  let linking: Linking;
  try {
    linking = await new BaseLink(folder, imageIn(folder), toolchain, env, signal).link(inputs, common);
  } catch (error) {
    // Every save would leave one.
    fs.rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const { files, libraries, offered, entries, overridden } = linking;
  const { defines, needs } = selection(common, linking);
  const linked: Linked = {
    defines: Object.keys(defines),
    needs,
    offered,
    crates: linking.crates.map(({ id }) => id),
    entries,
    sections: common.sections,
    weak: Object.keys(common.weak),
    overridden,
    undefined: linking.undefined,
    references: common.references,
    libraries,
  };
  writeAtomic(cratesOf(imageIn(folder)), JSON.stringify(linking.crates.flatMap(({ key }) => key ?? [])));
  writeAtomic(path.join(folder, "libbase.json"), JSON.stringify(linked));
  const named = new Set(inputs.libraries);
  const images: Images = {
    files: [...files, ...(linker === undefined ? [] : [linker])].flatMap((file) =>
      named.has(file) ? [] : stamp(file, startedMs),
    ),
    linker,
    offered: [...new Set([...(known?.offered ?? []), ...offered])],
    sections: [...new Set([...(known?.sections ?? []), ...linking.sections])],
    images: [...others, { folder, interface: common }],
  };
  writeAtomic(index, JSON.stringify(images));
  return { image: imageIn(folder), isNew: true };
}

/** What units' libraries load, which the crate lane has asked of those that it has compiled. */
async function loadedByAll(
  { layout, toolchain: { rustc }, env, signal }: BaseContext,
  units: readonly UnitRecord[],
): Promise<string[]> {
  const atOnce = os.availableParallelism();
  const found: string[] = [];
  for (let first = 0; first < units.length; first += atOnce) {
    const some = units.slice(first, first + atOnce);
    found.push(...(await Promise.all(some.map((unit) => loadedCrates(layout, unit, { rustc, env, signal })))));
  }
  return found;
}

/** Gives programs their base images. */
export class Bases {
  private hasLinked = false;
  private adopted: readonly UnitRecord[] | undefined;

  constructor(
    private readonly context: BaseContext,
    private readonly records: UnitRecords,
  ) {}

  /** Programs with their base images, as far as it is known what these are linked for: `known`, from an earlier state. */
  async of(programs: readonly Program[], known: readonly Program[]): Promise<Program[]> {
    const found: Program[] = [];
    for (const program of programs) {
      const earlier = known.find(({ executable }) => executable === program.executable);
      const common = program.interface ?? earlier?.interface;
      found.push(common === undefined ? { ...program, base: "" } : await this.link(program, common));
    }
    return found;
  }

  /** A program on the base image for an interface. */
  async link(program: Program, common: ProgramInterface): Promise<Program> {
    const before = program.interface?.references ?? [];
    if (common.references.length > 0 || before.length === 0) return this.linkFor(program, common);
    // All that the engine would ask about was known so far: otherwise it would be the next thing that it asks for.
    const whole = { ...common, references: before };
    return this.linkFor(program, whole).catch((error: unknown) => {
      if (!(error instanceof Unsupported) || error instanceof CompiledNatively) throw error;
      // What the program does not refer to any more may be what cannot be linked.
      return this.linkFor(program, common);
    });
  }

  private async linkFor(program: Program, common: ProgramInterface): Promise<Program> {
    const closure = unitsOf(program, this.records);
    const { image: base, isNew } = await ensureBase(this.context, closure, this.adoptedBeside(closure), common);
    this.hasLinked ||= isNew;
    return { ...program, base, linked: linkedCrates(base), interface: common };
  }

  /** Programs were published. `named`: gives the base images that programs are to be published on. */
  published(programs: readonly Program[], named: () => readonly string[]): void {
    const { layout } = this.context;
    notePublished(layout, programs);
    if (this.hasLinked) removeUnusedBases(layout, named());
  }

  /** Adopted units that may be a part of a program, beside its own. */
  private adoptedBeside(closure: readonly UnitRecord[]): UnitRecord[] {
    this.adopted ??= adoptedUnits(this.context.layout, this.records);
    const own = new Set(closure.map(({ invocation }) => invocation.key));
    const profile = (unit: UnitRecord): string => profileOf(this.context.layout, unit);
    const profiles = new Set(closure.map(profile));
    return this.adopted.filter((unit) => !own.has(unit.invocation.key) && profiles.has(profile(unit)));
  }
}

function imageIn(folder: string): string {
  return path.join(folder, "libbase.so");
}

function cratesOf(image: string): string {
  return path.join(path.dirname(image), "crates.json");
}

/** Keys of the libraries with bitcode that a program on a base image is made of, in the linker's order. */
function linkedCrates(image: string): string[] | undefined {
  return readJson(cratesOf(image), z.array(z.string()));
}

/** The libraries from outside the workspace that there is bitcode of, for whatever profile. */
function adoptedUnits(layout: Layout, records: UnitRecords): UnitRecord[] {
  const crates = new Set(adoptedCrates(layout));
  if (crates.size === 0) return [];
  // (A key begins with the crate's name, which has no dash.)
  const keys = list(layout.units).filter((key) => crates.has(key.split("-")[0] ?? ""));
  return records
    .some(keys)
    .filter(({ crate, metadata }) => crates.has(crate) && metadata !== null && fs.existsSync(metadata.path));
}

/** The folder of a unit's platform and profile in the target directory, in either of cargo's layouts. */
function profileOf({ root }: Layout, { invocation: { args, cwd } }: UnitRecord): string {
  const words = path.relative(root, path.resolve(cwd, inspectArgs(args).outDir ?? "")).split(path.sep);
  const at = words.findIndex((word) => ["deps", "examples", "build"].includes(word));
  return words.slice(0, at < 0 ? undefined : at).join(path.sep);
}

/**
 * The part of an interface by which a linker decides something, in order: what else is needed is in libraries that stay, if at all, and
 * other sections are the program's alone.
 */
function selection(
  common: ProgramInterface,
  known: { readonly offered: readonly string[]; readonly sections: readonly string[] } | undefined,
): ProgramInterface {
  const names = new Set(known?.offered);
  const sections = new Set(known?.sections);
  return {
    ...common,
    needs: common.needs.filter((name) => names.has(name)).sort(),
    sections: common.sections.filter((name) => sections.has(name)),
  };
}
