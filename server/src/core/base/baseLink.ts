/**
 * Links one base image.
 *
 * rustc itself is asked how it would link the program: it compiles an empty crate that uses the same libraries, with a
 * script in the linker's place. Its line, changed as `linkLine.ts` says, makes the image; the linker tells what it has read.
 * Never compiles a crate of the workspace.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { ProgramInterface } from "../../../../shared/src/protocol.js";
import { type Archive, METADATA, extractMember, readArchive } from "./archive.js";
import type { BaseInputs, NativeLibraries } from "./baseInputs.js";
import { parseDependencyFile } from "../units/depInfo.js";
import {
  type LibraryNames,
  definedElsewhere,
  definedIn,
  finishBase,
  linkerSymbols,
  nameOfLibrary,
  namesOfLibrary,
  neededLibraries,
} from "./elf.js";
import { Unsupported } from "../support/errors.js";
import { readText } from "../support/files.js";
import { type Strip, readLinkArguments } from "../units/linkArguments.js";
import { baseLinkArgs, checkLinkArgs, separate } from "./linkLine.js";
import { type Exit, run } from "../support/process.js";
import { recordingScript, recordedLine } from "./recording.js";
import { type Placeholder, attributeOptions, makePlaceholder } from "./placeholderLibraries.js";
import { CompiledNatively } from "../units/adopted.js";
import { sectionsOf } from "./objectSections.js";
import {
  ANCHORS,
  type CrateEntry,
  PRIVATE,
  crateEntries,
  crateSource,
  dynamicList,
  markOfWeak,
  rootsSource,
  standInSource,
} from "./standIn.js";
import { hideNames } from "./stripped.js";
import type { Toolchain } from "../units/toolchain.js";

/** What the linker has read for an image. */
export interface Linking {
  readonly files: readonly string[];
  readonly libraries: readonly string[];
  /** What is defined where the linker takes things by need: in archives, and in shared libraries that it has left out. */
  readonly offered: readonly string[];
  /** The program's crates in the linker's order, the program's own first: keys of libraries and names for the engine. */
  readonly crates: readonly { readonly key: string | undefined; readonly id: string }[];
  /** What each of them has in the arrays of constructors and destructors. */
  readonly entries: readonly CrateEntry[];
  /** What the program defines weakly, and something else does, too. */
  readonly overridden: readonly string[];
  /** What nothing defines and libraries refer to. */
  readonly undefined: readonly string[];
  /** Sections with bounds that natively compiled crates add to. */
  readonly sections: readonly string[];
}

/** A line of the linker's for the program. */
interface Line {
  readonly words: readonly string[];
  /** What stands on it for the program's libraries, by path. */
  readonly placeholders: ReadonlyMap<string, Placeholder>;
}

/** One link in its own folder; the image appears there only when it is complete. */
export class BaseLink {
  private cwd = "/";

  constructor(
    private readonly folder: string,
    private readonly output: string,
    private readonly toolchain: Toolchain,
    private readonly env: NodeJS.ProcessEnv,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async link(inputs: BaseInputs, common: ProgramInterface): Promise<Linking> {
    const crates = [inputs, ...inputs.bitcodeLibraries];
    if (crates.every(({ possibleLibraries }) => possibleLibraries.length === 0)) return this.linkWith(inputs, common);
    // They need not exist if they are not in force.
    const withAll = <T extends NativeLibraries>(item: T): T => ({
      ...item,
      attributeLibraries: [...item.attributeLibraries, ...item.possibleLibraries],
    });
    const bitcodeLibraries = inputs.bitcodeLibraries.map(withAll);
    return this.linkWith({ ...withAll(inputs), bitcodeLibraries }, common).catch((error: unknown) => {
      if (!(error instanceof Unsupported) || error instanceof CompiledNatively) throw error;
      return this.linkWith(inputs, common);
    });
  }

  private async linkWith(inputs: BaseInputs, common: ProgramInterface): Promise<Linking> {
    fs.rmSync(this.folder, { recursive: true, force: true });
    fs.mkdirSync(this.folder, { recursive: true });
    this.cwd = inputs.cwd;
    const { words: line, placeholders } = await this.recordLine(inputs);
    const placeholderOf = (rlib: string): Placeholder | undefined => placeholders.get(path.resolve(this.cwd, rlib));
    const libraries = line.filter((word) => word.endsWith(".rlib"));
    const own = libraries.flatMap((rlib) => placeholderOf(rlib) ?? []);
    const crates = [
      { key: undefined, id: inputs.id },
      ...own.map(({ library }) => ({ key: library.key, id: library.id })),
    ];
    const sections = this.nativeSections(
      libraries.filter((rlib) => placeholderOf(rlib) === undefined),
      common,
    );
    // What code generators call without the bitcode naming it: all of that may be needed.
    const support = line.filter(isSupport).flatMap((rlib) => readArchive(rlib)?.symbols ?? []);
    const supported = new Set(support.map(({ name }) => name).filter((name) => common.defines[name] === undefined));
    const needs = [...new Set([...common.needs, ...supported])];
    const entries = crateEntries(common);
    const [standIn = "", ...places] = await this.assemble(inputs.linker, [
      standInSource({ ...common, needs }, entries),
      ...own.map((_, index) => crateSource(index + 1, entries)),
    ]);
    const archives = new Map<string, Archive>();
    const dependencyFile = path.join(this.folder, "files.d");
    const list = path.join(this.folder, "dynamic.list");
    fs.writeFileSync(list, dynamicList(common));
    const partsOf = (rlib: string): readonly string[] | undefined => {
      const placeholder = placeholderOf(rlib);
      if (placeholder === undefined) return this.partsOf(rlib, archives);
      const { bundle } = placeholder;
      const place = places[own.indexOf(placeholder)] ?? "";
      return bundle === undefined ? [place] : [place, ...(this.partsOf(bundle, archives) ?? [])];
    };
    const args = baseLinkArgs(line, {
      output: this.output,
      standIn,
      partsOf,
      dynamicList: list,
      dependencyFile,
    });
    const asked = readLinkArguments(line, () => undefined);
    const temporary = `${this.output}.tmp`;
    args[args.length - 1] = temporary;
    await this.runLinker(inputs.linker, args);

    const files = parseDependencyFile(readText(dependencyFile) ?? "").map((file) => path.resolve(this.cwd, file));
    if (files.length === 0) throw new Unsupported(`the linker does not tell which files it reads (--dependency-file)`);
    const offered = new Set<string>();
    const shared = new Map<string, LibraryNames>();
    // (Objects that were taken out of Rust libraries are gone again.)
    for (const file of files.filter((name) => fs.existsSync(name))) {
      const names = namesOfLibrary(file);
      if (names !== undefined) {
        shared.set(file, names);
        continue;
      }
      const archive = archives.get(file) ?? (file.endsWith(".rlib") ? undefined : readArchive(file));
      for (const { name, member } of archive?.symbols ?? []) if (!isRustObject(file, member.name)) offered.add(name);
    }
    for (const name of unneeded(temporary, shared)) offered.add(name);
    for (const name of supported) offered.delete(name);
    const remains = this.finish(temporary, common, shared, { areAllExported: asked.exportDynamic, strip: asked.strip });
    if (remains.undefined.length > 0 && common.references.length > 0) {
      const roots = definedIn(fs.readFileSync(temporary), [...common.references, ...common.needs]);
      // (What the program itself needs and nothing defines is the engine's to find.)
      const objects = await this.assemble(
        inputs.linker,
        [standInSource({ ...common, needs: [] }, entries), rootsSource(roots, remains.expected)],
        "check",
      );
      const partsOfProgram = (rlib: string): readonly string[] | undefined =>
        placeholderOf(rlib) === undefined ? undefined : partsOf(rlib);
      const check = path.join(this.folder, "check");
      await this.runLinker(inputs.linker, checkLinkArgs(line, objects, partsOfProgram, check));
      fs.rmSync(check);
    }
    fs.renameSync(temporary, this.output);
    for (const name of ["crate", "libraries", "objects"])
      fs.rmSync(path.join(this.folder, name), { recursive: true, force: true });
    const isOurs = (file: string): boolean => path.relative(this.folder, file).split(path.sep)[0] !== "..";
    return {
      files: [...files.filter((file) => !isOurs(file)), ...own.flatMap(({ bundled }) => bundled)],
      libraries: [...shared.keys()],
      offered: [...offered],
      crates,
      entries,
      overridden: remains.overridden,
      undefined: remains.undefined,
      sections,
    };
  }

  /** The linker's arguments for an executable of an empty crate that uses what the program uses. */
  private async recordLine(inputs: BaseInputs): Promise<Line> {
    const found = await this.makePlaceholders(inputs);
    const work = path.join(this.folder, "crate");
    fs.mkdirSync(path.join(work, "bin"), { recursive: true });
    const source = path.join(work, "base.rs");
    const names = inputs.externs.map((_, index) => `dep_${index}`);
    const linked = new Map(found.map(({ library, rlib }) => [library.rlib, rlib]));
    const crates = [...names, ...inputs.sysrootCrates];
    const hasTests = inputs.panic === "unwind";
    fs.writeFileSync(
      source,
      [...crates.map((name) => `extern crate ${name} as _;`), hasTests ? "" : "fn main() {}", ""].join("\n"),
    );
    const recorded = path.join(work, "line");
    // rustc guesses what kind of linker it has from its name.
    const script = path.join(work, "bin", path.basename(inputs.linker));
    fs.writeFileSync(script, recordingScript(recorded), { mode: 0o755 });
    const args = [
      source,
      "--crate-name=cranefly_base",
      "--edition=2021",
      "--crate-type=bin",
      "-Cdebuginfo=0",
      `-Cpanic=${inputs.panic}`,
      // libtest belongs in for test programs; with panic=abort stable rustc has no libtest to offer.
      ...(hasTests ? ["--test"] : []),
      ...inputs.externs.flatMap((file, index) => ["--extern", `${names[index] ?? ""}=${linked.get(file) ?? file}`]),
      ...inputs.sysrootCrates.flatMap((name) => ["--extern", name]),
      ...found.flatMap(({ rlib }) => ["-L", `dependency=${path.dirname(rlib)}`]),
      ...inputs.link,
      ...attributeOptions(inputs),
      `-Clinker=${script}`,
      "-o",
      path.join(work, "base"),
    ];
    await this.rustc(args);
    const words = separate(recordedLine(recorded));
    if (words.length === 0) throw new Unsupported("rustc does not link the program's dependencies");
    // Where there is a real library beside the placeholder (a build script needs it, or a procedural macro), it may be on the line.
    const placeholders = new Map(found.flatMap((item) => [item.rlib, item.library.rlib].map((file) => [file, item])));
    return { words, placeholders };
  }

  private async makePlaceholders({ bitcodeLibraries, panic }: BaseInputs): Promise<Placeholder[]> {
    const found: Placeholder[] = [];
    for (const [index, library] of bitcodeLibraries.entries()) {
      const folder = path.join(this.folder, "libraries", String(index));
      const options = ["--edition=2021", "-Cdebuginfo=0", `-Cpanic=${panic}`];
      found.push(await makePlaceholder(folder, library, this.cwd, (args) => this.rustc([...args, ...options])));
    }
    return found;
  }

  private async rustc(args: readonly string[]): Promise<void> {
    const err: string[] = [];
    const exit = await this.run([this.toolchain.rustc, ...args], err);
    if (exit.code !== 0) throw new Unsupported(`rustc cannot link the program's dependencies:\n${err.join("\n")}`);
  }

  /**
   * Sections with bounds that natively compiled crates add to. Throws `CompiledNatively` if the program adds to one of them: a linker
   * lays side by side what all crates have there.
   */
  private nativeSections(libraries: readonly string[], { sections }: ProgramInterface): string[] {
    const wanted = new Set(sections);
    const found = new Set<string>();
    const shared = new Map<string, string>();
    for (const rlib of libraries) {
      const file = path.resolve(this.cwd, rlib);
      for (const name of sectionsOf(file, (member) => isRustObject(rlib, member))) {
        found.add(name);
        if (wanted.has(name)) shared.set(file, name);
      }
    }
    if (shared.size > 0) {
      const names = [...new Set(shared.values())].join(", ");
      const libraries = [...shared.keys()];
      throw new CompiledNatively(libraries, `${libraries.join(", ")} and the workspace add to the section ${names}`);
    }
    return [...found];
  }

  /**
   * A Rust library's own objects, and the library behind them, if there are others in it, which are taken by need: they are what a
   * native library is bundled as.
   */
  private partsOf(rlib: string, archives: Map<string, Archive>): string[] | undefined {
    const archive = readArchive(rlib);
    if (archive === undefined) throw new Unsupported(`${rlib} is no static library`);
    if (isSupport(rlib)) return [rlib];
    const own = archive.members.filter(({ name }) => isRustObject(rlib, name));
    const others = archive.members.length - own.length - archive.members.filter(({ name }) => name === METADATA).length;
    if (others === 0) return undefined;
    archives.set(rlib, archive);
    const folder = path.join(this.folder, "objects", String(archives.size));
    fs.mkdirSync(folder, { recursive: true });
    const objects = own.map((member, number) => {
      const file = path.join(folder, `${number}.o`);
      extractMember(rlib, member, file);
      return file;
    });
    return [...objects, rlib];
  }

  /** Assembles texts; gives the objects. */
  private async assemble(linker: string, texts: readonly string[], stem = "program"): Promise<string[]> {
    const names = texts.map((_, index) => `${stem}-${index}`);
    for (const [index, text] of texts.entries()) {
      fs.writeFileSync(path.join(this.folder, `${names[index] ?? ""}.s`), text);
    }
    const err: string[] = [];
    const exit = await this.run([linker, "-c", ...names.map((name) => `${name}.s`)], err, this.folder);
    if (exit.code !== 0) throw new Unsupported(`the C compiler ${linker} failed:\n${err.join("\n")}`);
    return names.map((name) => path.join(this.folder, `${name}.o`));
  }

  private async runLinker(linker: string, args: readonly string[]): Promise<void> {
    const response = path.join(this.folder, "line");
    // A response file: the line of a large dependency set is longer than the system allows.
    fs.writeFileSync(response, args.map((arg) => `"${arg.replace(/(["\\])/g, "\\$1")}"`).join("\n"));
    const told: string[] = [];
    const exit = await this.run([linker, `@${response}`], told);
    if (exit.code !== 0) throw new Unsupported(`linking the base image failed:\n${told.slice(0, 40).join("\n")}`);
  }

  /** What `libraries` define or expect is exported, as from an executable, unless everything is. */
  private finish(
    file: string,
    { defines, weak, needs }: ProgramInterface,
    libraries: ReadonlyMap<string, LibraryNames>,
    { areAllExported, strip }: { readonly areAllExported: boolean; readonly strip: Strip },
  ): { readonly overridden: string[]; readonly undefined: string[]; readonly expected: string[] } {
    const image = fs.readFileSync(file);
    const [symbol] = linkerSymbols(image);
    if (symbol !== undefined) {
      throw new Unsupported(`the linker defines \`${symbol}\`, for an executable that is all in one file`);
    }
    const shared = new Set<string>([...ANCHORS, ...[...libraries.values()].flatMap(({ all }) => [...all])]);
    const isExported = (name: string): boolean => areAllExported || shared.has(name);
    const weakly = Object.keys(weak);
    const overridden = definedElsewhere(image, new Map(weakly.map((name, index) => [name, markOfWeak(index)])));
    const program = new Set([...Object.keys(defines), ...weakly.filter((name) => !overridden.includes(name))]);
    const { bound, undefined: names } = finishBase(image, { program, privately: PRIVATE, isExported });
    if (bound.length > 0) {
      throw new Unsupported(`C code declares what the program defines with hidden visibility: ${bound.join(", ")}`);
    }
    // (What rustc has mangled is the allocator's, which is the program's, and the bounds of a section are those of its parts there.)
    const isFound = (name: string): boolean => [...libraries.values()].some(({ defined }) => defined.has(name));
    // Of what the program itself needs the engine knows whether anything reaches it.
    const own = new Set(needs);
    const isOthers = (name: string): boolean => !isMangled(name) && !/^__(start|stop)_/.test(name) && !own.has(name);
    // A linker says nothing of what only functions refer to that nothing calls: it is asked when it is known what the program calls.
    const loose = names.filter((name) => isOthers(name) && !isFound(name));
    if (strip === "symbols") hideNames(image, this.output);
    fs.writeFileSync(file, image);
    return { overridden, undefined: loose, expected: names.filter(isMangled) };
  }

  private async run(command: string[], told: string[], cwd = this.cwd): Promise<Exit> {
    try {
      return await run(command, {
        cwd,
        env: { ...this.env, LC_ALL: "C" },
        onStdout: (text) => told.push(text),
        onStderr: (text) => told.push(text),
        signal: this.signal,
      });
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") {
        throw new Unsupported(`${command[0] ?? ""} not found: a C compiler is needed to link`, { cause: error });
      }
      throw error;
    }
  }
}

/** Whether rustc has made up the name, by either of its schemes. */
function isMangled(name: string): boolean {
  return /^(_R|_ZN.*17h[0-9a-f]{16}E)/.test(name);
}

/** The crate whose names are all C's: its objects are taken by need, like C's. */
function isSupport(file: string): boolean {
  return path.basename(file).startsWith("libcompiler_builtins-") && file.endsWith(".rlib");
}

/** What those libraries define that the linker left out because nothing needs them. */
function unneeded(image: string, libraries: ReadonlyMap<string, LibraryNames>): string[] {
  const needed = new Set(neededLibraries(image));
  return [...libraries].flatMap(([file, { defined }]) => (needed.has(nameOfLibrary(file)) ? [] : [...defined]));
}

/** Whether a member of a Rust library is what rustc has compiled of the crate itself: it begins with the library's name. */
function isRustObject(rlib: string, member: string): boolean {
  const stem = path.basename(rlib).replace(/^lib/, "").replace(/rlib$/, "");
  return rlib.endsWith(".rlib") && member.startsWith(stem) && member.endsWith(".rcgu.o");
}
