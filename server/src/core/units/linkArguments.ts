/**
 * What a program's linker arguments ask for, and whether a program that is made of an image and a base image can give it.
 *
 * The base image's link passes on what the user gives. So an argument may go on if it means the same there, or has no bearing
 * on what runs; whatever is not known to be so is refused by its name. Knows how a C compiler's and a linker's arguments are
 * spelled (GCC, Clang; GNU ld, lld, mold, wild), not what is in the files that they name.
 */

/** What the linker leaves out of a program. */
export type Strip = "none" | "debuginfo" | "symbols";

/** What the arguments ask for. */
export interface LinkRequest {
  /** The first argument that Cranefly cannot follow; undefined when there is none. */
  readonly refused: string | undefined;
  readonly strip: Strip;
  /** Every visible symbol of the program is to be in its dynamic symbol table. */
  readonly exportDynamic: boolean;
}

export function strongerStrip(a: Strip, b: Strip): Strip {
  if (a === "symbols" || b === "symbols") return "symbols";
  return a === "debuginfo" || b === "debuginfo" ? "debuginfo" : "none";
}

/** An option's value, and what is to be done about the option. */
interface Rule {
  /** "attached": only behind `=`; "word": behind `=` or as the next word. */
  readonly value: "none" | "attached" | "word";
  /** Whether the option means the same for the base image; as a rule it does. */
  readonly accepts?: (value: string) => boolean;
  readonly strip?: Strip;
  readonly exportDynamic?: boolean;
}

const FLAG: Rule = { value: "none" };
const MAY_HAVE_VALUE: Rule = { value: "attached" };
const HAS_VALUE: Rule = { value: "word" };
const oneOf = (...values: string[]): Rule => ({ value: "word", accepts: (value) => values.includes(value) });
const all = (rule: Rule, names: string): [string, Rule][] => names.split(" ").map((name) => [name, rule]);

/** Keywords of `-z` that decide how pages are laid out and protected, or name a default. */
const KEYWORDS = new Set([
  ..."now lazy relro norelro noexecstack nodelete origin text combreloc".split(" "),
  ..."separate-code noseparate-code separate-loadable-segments pack-relative-relocs nopack-relative-relocs".split(" "),
  ..."nostart-stop-gc start-stop-gc ibt shstk cet-report=none cet-report=warning".split(" "),
]);
const KEYWORD: Rule = {
  value: "word",
  accepts: (value) => KEYWORDS.has(value) || /^(?:max|common)-page-size=/.test(value),
};

/** The linker's options, without dashes. */
const LINKER_OPTIONS: ReadonlyMap<string, Rule> = new Map([
  // Which files are linked and where they are found: the base image's link has them in the same order.
  ...all(HAS_VALUE, "l library L library-path rpath rpath-link u undefined require-defined"),
  ...all(FLAG, "as-needed no-as-needed whole-archive no-whole-archive start-lib end-lib pop-state"),
  ...all(FLAG, "start-group end-group ( ) Bstatic Bdynamic dn dy no-copy-dt-needed-entries"),
  ...all(FLAG, "enable-new-dtags disable-new-dtags"),
  ...all(MAY_HAVE_VALUE, "push-state"),
  // How the linker works, and what it complains of.
  ...all(HAS_VALUE, "O thread-count"),
  ...all(MAY_HAVE_VALUE, "threads color-diagnostics demangle"),
  ...all(FLAG, "no-threads no-color-diagnostics no-demangle no-undefined no-keep-memory no-warn-mismatch"),
  ...all(FLAG, "allow-shlib-undefined no-allow-shlib-undefined undefined-version no-undefined-version"),
  // What is in the file beside the program.
  ...all(MAY_HAVE_VALUE, "build-id sort-common"),
  ...all(HAS_VALUE, "hash-style compress-debug-sections"),
  ...all(FLAG, "gc-sections no-gc-sections eh-frame-hdr gdb-index no-gdb-index rosegment no-rosegment relax no-relax"),
  // What is so anyway.
  ...all(FLAG, "pie pic-executable"),
  ...all(oneOf("elf_x86_64"), "m"),
  ...all(oneOf("none", "safe"), "icf"),
  ...all(oneOf("/lib64/ld-linux-x86-64.so.2"), "dynamic-linker I"),
  ...all(KEYWORD, "z"),
  // What the image has to do as well.
  ...all({ value: "none", strip: "symbols" }, "s strip-all"),
  ...all({ value: "none", strip: "debuginfo" }, "S strip-debug"),
  ...all({ value: "none", exportDynamic: true }, "E export-dynamic"),
  ...all({ value: "none", exportDynamic: false }, "no-export-dynamic"),
]);

/** The C compiler's options, as they are written. */
const DRIVER_OPTIONS: ReadonlyMap<string, Rule> = new Map([
  ...all(HAS_VALUE, "-l -L -B -u"),
  ...all(MAY_HAVE_VALUE, "-fuse-ld --ld-path -march -mtune -fdiagnostics-color"),
  ...all(FLAG, "-m64 -pthread -pipe -pie -fPIC -fPIE -fpic -fpie -fno-plt -no-canonical-prefixes -Qunused-arguments"),
  // rustc gives it itself.
  ...all(FLAG, "-nodefaultlibs"),
  ...all(KEYWORD, "-z"),
  ...all({ value: "none", strip: "symbols" }, "-s"),
  ...all({ value: "none", exportDynamic: true }, "-rdynamic"),
]);

/** Options of one letter, whose values may follow without a space. */
const LINKER_LETTERS = "lLuOmzI";
const DRIVER_LETTERS = "lLBuz";

/** What a C compiler takes that says how it compiles or warns, which it does not do when it links. */
const COMPILE_ONLY = /^-(?:O[0-9sz]?|g[0-9]?|W(?![lap],).*)$/;

const LINKED_FILE = /\.(?:o|a|so(?:\.\d+)*)$/;

/** A word as it is given to the C compiler, or by way of it to the linker. */
interface Word {
  readonly text: string;
  readonly to: "driver" | "linker";
}

/**
 * Reads a program's linker arguments in their order. `readFile`: gives the text of a response file, or undefined where it cannot
 * be read.
 */
export function readLinkArguments(
  args: readonly string[],
  readFile: (file: string) => string | undefined,
): LinkRequest {
  const words = args.flatMap((arg) => expand(arg, readFile)).reduce<Word[]>(addWords, []);
  let refused: string | undefined;
  let strip: Strip = "none";
  let exportDynamic = false;
  for (let i = 0; i < words.length; i++) {
    const { text, to } = words[i] ?? { text: "", to: "driver" };
    if (!text.startsWith("-")) {
      if (!LINKED_FILE.test(text)) refused ??= text;
      continue;
    }
    if (to === "driver" && COMPILE_ONLY.test(text)) continue;
    const option = findOption(text, to);
    if (option === undefined) {
      refused ??= text;
      continue;
    }
    const { rule } = option;
    const next = rule.value === "word" && option.value === undefined ? words[++i] : undefined;
    const value = option.value ?? (next?.to === to ? next.text : undefined);
    const isGood = rule.value !== "word" || (value !== undefined && (rule.accepts?.(value) ?? true));
    if (!isGood) refused ??= next === undefined ? text : `${text} ${next.text}`;
    strip = strongerStrip(strip, rule.strip ?? "none");
    exportDynamic = rule.exportDynamic ?? exportDynamic;
  }
  return { refused, strip, exportDynamic };
}

/** A response file that is named in another one is refused, as any word is that is not known. */
function expand(arg: string, readFile: (file: string) => string | undefined): string[] {
  const text = arg.startsWith("@") ? readFile(arg.slice(1)) : undefined;
  return text === undefined ? [arg] : splitResponse(text);
}

/** The words of a response file as GCC, Clang and binutils read it. */
function splitResponse(text: string): string[] {
  return [...text.matchAll(/(?:\\[^]|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|[^\s"'\\])+/g)].map(([word]) =>
    word.replace(/\\([^])|["']/g, "$1"),
  );
}

/** `-Wl,A,B`, `-Xlinker A`: words for the linker. */
function addWords(words: Word[], arg: string): Word[] {
  const before = words.at(-1);
  if (before?.to === "driver" && before.text === "-Xlinker") {
    words[words.length - 1] = { text: arg, to: "linker" };
  } else if (arg.startsWith("-Wl,")) {
    for (const text of arg.slice("-Wl,".length).split(",")) words.push({ text, to: "linker" });
  } else {
    words.push({ text: arg, to: "driver" });
  }
  return words;
}

function findOption(text: string, to: Word["to"]): { rule: Rule; value: string | undefined } | undefined {
  const options = to === "linker" ? LINKER_OPTIONS : DRIVER_OPTIONS;
  const letters = to === "linker" ? LINKER_LETTERS : DRIVER_LETTERS;
  const written = to === "linker" ? text.replace(/^--?/, "") : text;
  const equals = written.indexOf("=");
  const rule = options.get(equals < 0 ? written : written.slice(0, equals));
  const value = equals < 0 ? undefined : written.slice(equals + 1);
  if (rule !== undefined) return rule.value === "none" && value !== undefined ? undefined : { rule, value };
  const letter = text[1] ?? "";
  if (letter === "-" || !letters.includes(letter)) return undefined;
  const short = options.get(to === "linker" ? letter : `-${letter}`);
  return short === undefined ? undefined : { rule: short, value: text.slice(2) };
}
