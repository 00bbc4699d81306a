/**
 * Turns the linker command line of an executable, as rustc writes it, into the one of the base image: a shared object
 * with everything of every Rust library, and of all other libraries what the linker selects for the program.
 *
 * Knows the spelling of linker arguments (a C compiler's or a bare ld's), not files.
 */

/** What is added to the line. */
export interface BaseLine {
  readonly output: string;
  /** The object in the program's place. */
  readonly standIn: string;
  /** What stands for a Rust library, where that is not all of it. */
  readonly partsOf: (rlib: string) => readonly string[] | undefined;
  /** A dynamic list: names that are the program's, so that nothing is bound to them before it starts. */
  readonly dynamicList: string;
  /** Where the linker writes which files it has read. */
  readonly dependencyFile: string;
}

/** Options for an executable that a shared object cannot have, or that would drop what a later image may call. */
const DROPPED = new Set([
  ..."-rdynamic -pie".split(" "),
  ..."-Wl,--export-dynamic -Wl,--E -Wl,--no-export-dynamic -Wl,--pie -Wl,--pic-executable".split(" "),
  ..."-Wl,--gc-sections -Wl,--no-gc-sections -Wl,--no-undefined".split(" "),
]);

const OWN_OBJECT = /(\.rcgu\.o|[/\\]symbols\.o|\.rmeta\.o)$/;

const STRIPPED = new Set(["-s", "-Wl,--s", "-Wl,--strip-all"]);

/** One argument of the linker's in each word, however the user has put them together. */
export function separate(line: readonly string[]): string[] {
  return line.flatMap((arg, index) => {
    if (arg === "-Xlinker") return [];
    if (line[index - 1] === "-Xlinker") return arg.includes(",") ? ["-Xlinker", arg] : [`-Wl,${arg}`];
    return arg.startsWith("-Wl,")
      ? arg
          .split(",")
          .slice(1)
          .map((word) => `-Wl,${word}`)
      : [arg];
  });
}

/** Options of more than one letter may have one dash or two. */
function withDashes(arg: string): string {
  return arg.replace(/^-Wl,--?/, "-Wl,--");
}

/**
 * The base image's linker arguments. `line`: an executable's, with the linker's words apart.
 *
 * Whole archives: every object that rustc has compiled into the Rust libraries goes in, since any later image may call any
 * of their functions. So there are `.init_array` entries of objects that a native link would have dropped because nothing refers
 * to them. (The engine runs all entries from the program's image, in this line's order.) That needs `#[used]` statics in a registry
 * crate whose object is otherwise unreferenced; rustc itself keeps those by naming them in its `symbols.o`, so the sets are the
 * same. What else is in these libraries, and every other archive, is taken by need: the needs are those of the Rust libraries, and
 * the program's, which its stand-in has.
 */
export function baseLinkArgs(line: readonly string[], base: BaseLine): string[] {
  const out: string[] = ["-shared", base.standIn];
  for (let i = 0; i < line.length; i++) {
    const arg = line[i] ?? "";
    if (DROPPED.has(withDashes(arg)) || isVersionScript(arg)) continue;
    if (arg === "-o") {
      i++;
    } else if (arg.endsWith(".rlib")) {
      out.push(...(base.partsOf(arg) ?? ["-Wl,--whole-archive", arg, "-Wl,--no-whole-archive"]));
    } else if (OWN_OBJECT.test(arg)) {
      // The empty crate's own code: `main` and the allocator shim, which the program's image defines.
    } else if (STRIPPED.has(withDashes(arg))) {
      // The engine links against its symbols.
      out.push("-Wl,--strip-debug");
    } else {
      out.push(arg);
    }
  }
  // Calls inside the base image need no detour through the dynamic symbol table but for what the program defines.
  const ours = [
    `--dynamic-list=${base.dynamicList}`,
    `--dependency-file=${base.dependencyFile}`,
    "-soname",
    base.output,
  ];
  // (`-Wl` would divide a path at its commas.)
  out.push(...ours.flatMap((word) => ["-Xlinker", word]), "-o", base.output);
  return out;
}

/**
 * The arguments of a link that tells whether the program's would complain: as rustc wrote them, with `objects` in the place of the
 * program's own.
 */
export function checkLinkArgs(
  line: readonly string[],
  objects: readonly string[],
  partsOf: (rlib: string) => readonly string[] | undefined,
  output: string,
): string[] {
  const out: string[] = [...objects];
  for (let i = 0; i < line.length; i++) {
    const arg = line[i] ?? "";
    if (arg === "-o") i++;
    else if (arg.endsWith(".rlib")) out.push(...(partsOf(arg) ?? [arg]));
    else if (!OWN_OBJECT.test(arg)) out.push(arg);
  }
  return [...out, "-o", output];
}

function isVersionScript(arg: string): boolean {
  return arg.startsWith("-Wl,--version-script") || arg.startsWith("-Wl,--dynamic-list");
}
