/**
 * Turns the linker command line of an executable, as rustc writes it, into the one of the base image: a shared object
 * with everything of every Rust library.
 *
 * Knows the spelling of linker arguments (a C compiler's or a bare ld's), not files.
 */

/** What is added to the line. */
export interface BaseLine {
  readonly output: string;
  /** Objects that belong in: the anchors. */
  readonly objects: readonly string[];
  /** Static libraries that belong in whole, such as glibc's `libc_nonshared.a`. */
  readonly wholeArchives: readonly string[];
  /** Libraries of the C library that are empty since glibc 2.34 and need not be loaded when nothing refers to them. */
  readonly emptyLibraries: readonly string[];
}

/** Options for an executable that a shared object cannot have, or that would drop what a later image may call. */
const DROPPED = new Set([
  "-pie",
  "-no-pie",
  "-static-pie",
  "-static",
  "-Wl,--gc-sections",
  "-Wl,--no-gc-sections",
  // The image may be the first to need a library: every one stays.
  "-Wl,--as-needed",
  "-Wl,--no-as-needed",
  "-Wl,--export-dynamic",
  "-rdynamic",
]);

const STRIPPED = new Set(["-s", "-Wl,-s", "-Wl,--strip-all"]);

/**
 * The base image's linker arguments.
 *
 * Whole archives: every object of the Rust libraries goes in, since any later image may call any of their functions. So
 * `.init_array` entries of objects run that a native link would have dropped because nothing refers to them. For Rust
 * code that needs `#[used]` statics in a registry crate whose object is otherwise unreferenced; rustc itself keeps
 * those by naming them in its `symbols.o`, so the sets are the same. Native static libraries of registry crates are
 * bundled into their rlibs and come whole as well; those that are separate keep being taken by need.
 */
export function baseLinkArgs(line: readonly string[], base: BaseLine): string[] {
  const out: string[] = ["-shared", ...base.objects];
  // First: what the linker has taken by need from the same archive, named by libc.so, it would then define twice.
  for (const archive of base.wholeArchives) out.push("-Wl,--whole-archive", archive, "-Wl,--no-whole-archive");
  for (let i = 0; i < line.length; i++) {
    const arg = line[i] ?? "";
    if (DROPPED.has(arg) || isVersionScript(arg)) continue;
    if (arg === "-o") {
      i++;
    } else if (arg.endsWith(".rlib")) {
      out.push("-Wl,--whole-archive", arg, "-Wl,--no-whole-archive");
    } else if (/(\.rcgu\.o|[/\\]symbols\.o|\.rmeta\.o)$/.test(arg)) {
      // The empty crate's own code: `main` and the allocator shim, which the program's image defines.
    } else if (STRIPPED.has(arg)) {
      // The engine links against its symbols.
      out.push("-Wl,--strip-debug");
    } else if (base.emptyLibraries.includes(arg)) {
      out.push("-Wl,--as-needed", arg, "-Wl,--no-as-needed");
    } else {
      out.push(arg);
    }
  }
  // Calls inside the base image need no detour through the dynamic symbol table; nothing is meant to override them.
  out.push("-Wl,-Bsymbolic", "-Xlinker", "-soname", "-Xlinker", base.output, "-o", base.output);
  return out;
}

function isVersionScript(arg: string): boolean {
  return arg.startsWith("-Wl,--version-script") || arg.startsWith("-Wl,--dynamic-list");
}
