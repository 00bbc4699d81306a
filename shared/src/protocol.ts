/**
 * The engine's wire protocol: JSON-RPC 2.0 with Content-Length headers over a Unix stream socket.
 *
 * Every answer of the engine is checked against these schemas, so that an engine of another version is an error that
 * says so and never a half-understood answer.
 */
import * as z from "zod";
import { Fallback, FunctionCounts, FunctionEntry, Verified } from "./report.js";

/** The version that both sides must agree on in `initialize`. */
export const PROTOCOL_VERSION = 2;

const Count = z.number().int().nonnegative();
const Micros = z.number().nonnegative();

export const InitializeParams = z.object({ protocol: z.literal(PROTOCOL_VERSION) });
export const InitializeResult = z.looseObject({
  protocol: z.number(),
  version: z.string(),
  pid: Count,
  toolchain: z.string(),
});

/** A bitcode file (an absolute path) and the SHA-256, in hexadecimal digits, of what rustc wrote to it. */
export const BitcodeFile = z.object({ path: z.string(), digest: z.string().length(64) });
export type BitcodeFile = z.infer<typeof BitcodeFile>;

/** One rustc unit of a program: its crate name and the bitcode files of its codegen units. */
export const BitcodeUnit = z.object({ id: z.string(), crate: z.string(), bitcode: z.array(BitcodeFile) });
export type BitcodeUnit = z.infer<typeof BitcodeUnit>;

/** Where an edited function is written: its first and last line (from 1) in the texts that the two lanes compiled. */
export const EditedRange = z.object({
  /** Absolute. */
  file: z.string(),
  /** In the crate lane's text. */
  old: z.tuple([Count, Count]),
  /** In the body lane's text. */
  new: z.tuple([Count, Count]),
  /** Only its callers can instantiate it; there may be no instance at all. */
  generic: z.boolean(),
  /** What it is called. Left out where it is no function that was edited. */
  name: z.string().optional(),
  /** Others are said to be at these lines as well: only what has the name is meant. */
  isNamed: z.boolean().optional(),
});
export type EditedRange = z.infer<typeof EditedRange>;

/** A unit as the body lane compiled it. Without edited functions it is only read, to be known next time. */
export const BodyLaneParams = z.object({
  unit: z.string(),
  bitcode: z.array(BitcodeFile).readonly(),
  /** That of the crate's public twin, if `bitcode` is a patch crate's that was compiled against it. */
  twin: z.array(BitcodeFile).readonly().optional(),
  /** The crate's name, which paths of what is declared in it begin with. */
  crateName: z.string(),
  /** The names of types that it alone declares, of all crates of a program that have its name; left out where it is the only one. */
  distinctTypes: z.array(z.string()).readonly().optional(),
  /** Whether functions of `async fn`s in the twin may have older bodies than the crate lane compiled. */
  isTwinBehind: z.boolean().optional(),
  edited: z.array(EditedRange).readonly(),
  /**
   * The names of tests that are gone, if `bitcode` is that of a test harness: its list of tests, in which some stand for the program's, is to
   * take the place of the program's.
   */
  goneTests: z.array(z.string()).readonly().optional(),
  /** For `instantiators`: functions that nothing in the sources can name. What refers to them is asked for in their place. */
  passed: z
    .array(z.object({ file: z.string(), line: Count }))
    .readonly()
    .optional(),
});
export type BodyLaneParams = z.infer<typeof BodyLaneParams>;

/** `details` of an error of kind `bodyLane`: functions whose bodies were blanked but are needed. */
export const NeededFunctions = z.array(z.object({ name: z.string(), file: z.string().nullable(), line: Count }));
export type NeededFunctions = z.infer<typeof NeededFunctions>;

/** `details` of an error of kind `damaged`: the units, as "package:target", whose bitcode is not what rustc wrote. */
export const DamagedUnits = z.object({ units: z.array(z.string()) });

/** A function without whose body some instance of an edited generic function is not made. */
export const Instantiator = z.object({
  /** Absolute. */
  file: z.string(),
  /** A line (from 1) of it in the crate lane's text. */
  line: Count,
  /** It is no instance itself: what leads to it was not looked at, so something has to name it. */
  isRoot: z.boolean(),
});
export type Instantiator = z.infer<typeof Instantiator>;

/** An instance that the program has of an edited generic function, in whatever crate. */
export const Instance = z.object({
  /** Absolute. */
  file: z.string(),
  /** The line (from 1) of the function's declaration in the crate lane's text. */
  line: Count,
  /** Its name with its types, as rustc writes both into debug info. */
  name: z.string(),
});
export type Instance = z.infer<typeof Instance>;

/** Answer to `instances`, which is asked with the same parameters as `publish`. */
export const InstancesResult = z.object({ instances: z.array(Instance) });

/** Answer to `tests`, which is asked with the same parameters as `publish`. */
export const TestsResult = z.object({ tests: z.array(z.string()) });

/** Answer to `instantiators`, which is asked with the same parameters as `publish`. */
export const InstantiatorsResult = z.object({ functions: z.array(Instantiator) });

const NameKind = z.enum(["function", "variable", "threadLocal"]);

/**
 * A program's C-level interface: what it defines for C code and needs of it, by names that rustc has not mangled. A linker
 * selects members of archives, and between weak and strong definitions, by these.
 */
export const ProgramInterface = z.object({
  defines: z.record(z.string(), NameKind),
  /** What it defines unless something else does. */
  weak: z.record(z.string(), NameKind).default({}),
  needs: z.array(z.string()),
  /** Priorities of constructors and destructors that have one. */
  initPriorities: z.array(z.number().int().nonnegative()).default([]),
  finiPriorities: z.array(z.number().int().nonnegative()).default([]),
  /** Sections that it adds to and that linkers give bounds. */
  sections: z.array(z.string()).default([]),
  /** What its Rust code refers to outside of itself, where that decides whether a linker would complain. */
  references: z.array(z.string()).default([]),
});
/** `details` of an error of kind `interface`: the base image has to be linked for this one. */
export type ProgramInterface = z.infer<typeof ProgramInterface>;

export const PublishParams = z.object({
  /** The `target/cranefly` folder in use. */
  workspace: z.string(),
  /** Unique in the workspace, for example "debug/rg" or "debug/deps/integration-1234". */
  program: z.string(),
  /** Where the executable goes. */
  executable: z.string(),
  /** The base image, `libbase.so`; none as long as the program's interface, for which it is linked, is not known. */
  base: z.string().optional(),
  units: z.array(BitcodeUnit),
  /** rustc's `-C opt-level`: "0" … "3", "s", "z". */
  optLevel: z.string(),
  panic: z.enum(["unwind", "abort"]),
  /** rustc's `-C debuginfo` that the units were compiled with. */
  debugInfo: z.string().optional(),
  /** What a linker would leave out of the program; nothing unless it is told. */
  strip: z.enum(["none", "debuginfo", "symbols"]).optional(),
  /** A linker would have all visible symbols in the dynamic symbol table. */
  exportDynamic: z.boolean().optional(),
  /** Units with edited functions, as the body lane compiled them; `units` are the crate lane's. */
  bodyLane: z.array(BodyLaneParams).optional(),
  /** `units` were compiled from the sources that the body lane compiled last: the engine compares the two. */
  verify: z.boolean().optional(),
  /** Nothing but these sources is other than when the crate lane was published last: all that the program has is compared. */
  verifyAll: z.boolean().optional(),
});
export type PublishParams = z.infer<typeof PublishParams>;

export const PublishResult = z.looseObject({
  generation: Count,
  image: z.string(),
  us: z.looseObject({ parse: Micros, translate: Micros, hash: Micros, compile: Micros, publish: Micros }),
  functions: FunctionCounts,
  fallbacks: z.array(Fallback),
  units: z.object({ read: Count, reused: Count }),
  verified: Verified.optional(),
});
export type PublishResult = z.infer<typeof PublishResult>;

/** Names a program. */
const ProgramParams = { workspace: z.string(), program: z.string() };

export const FunctionsParams = z.object({
  ...ProgramParams,
  /** Only functions that are declared in these files, by absolute path. */
  files: z.array(z.string()).optional(),
  /** Only functions that are new, or have other content than in the generation before. */
  changedOnly: z.boolean().optional(),
  /** All but the first so many of them: answers have at most some thousands. */
  from: Count.optional(),
});
export type FunctionsParams = z.infer<typeof FunctionsParams>;

export const FunctionsResult = z.looseObject({
  generation: Count,
  functions: z.array(FunctionEntry),
  /** How many come behind these. */
  left: Count,
});
export type FunctionsResult = z.infer<typeof FunctionsResult>;

export const SummaryParams = z.object({
  ...ProgramParams,
  /** How many of the slowest functions, and of the largest families by each measure; at most 1,000. */
  top: Count,
});
export type SummaryParams = z.infer<typeof SummaryParams>;

/** A program's functions summed up, for who does not need all of them. */
export const SummaryResult = z.looseObject({
  generation: Count,
  functions: Count,
  tiers: z.looseObject({ cranelift: Count, llvm: Count, none: Count }),
  fallbacks: z.array(Fallback),
  /** The slowest first. */
  slowest: z.array(FunctionEntry),
  /** Generic functions with several instances: the largest by instances, by bytes and by time. */
  families: z.array(
    z.looseObject({
      /** What all instances are called, every list of type arguments being `<_>`. */
      name: z.string(),
      file: z.string().nullable(),
      line: Count,
      instances: Count,
      bytes: Count,
      /** Over all stages, when each was last compiled. */
      us: Micros,
    }),
  ),
});
export type SummaryResult = z.infer<typeof SummaryResult>;

/** What a function can be shown as: rustc's LLVM IR, the Cranelift IR before compilation, the machine code in the image. */
export const TextKind = z.enum(["llvm", "clif", "asm"]);
export type TextKind = z.infer<typeof TextKind>;

export const InspectParams = z.object({
  ...ProgramParams,
  /** The linker's name of the function. */
  symbol: z.string(),
  /** Its codegen unit (`FunctionEntry.unit`), where several have one of this name. */
  unit: z.string().optional(),
  what: TextKind,
  /** As it was before its last change. Of the functions that changed last only: else an error of kind "notKept". */
  previous: z.boolean().optional(),
});
export type InspectParams = z.infer<typeof InspectParams>;

/** Source position of a line of text; all numbers count from 1. */
export const TextLine = z.looseObject({
  line: Count,
  /** Absolute path; of the innermost function where functions were inlined. */
  file: z.string(),
  sourceLine: Count,
  /** 0 for none. */
  sourceColumn: Count,
  /** Line in the shown function itself: differs from `sourceLine` for inlined code, and is the line of the call then. */
  functionLine: Count,
});
export type TextLine = z.infer<typeof TextLine>;

/** A symbol in a text; numbers count from 1, `column` and `length` in UTF-16 code units. */
export const TextReference = z.looseObject({
  line: Count,
  column: Count,
  length: Count,
  symbol: z.string(),
  name: z.string(),
  /** Absolute path of its declaration, for functions that are part of the program. */
  file: z.string().nullable(),
  /** 0 for none. */
  sourceLine: Count,
});
export type TextReference = z.infer<typeof TextReference>;

export const InspectResult = z.looseObject({
  symbol: z.string(),
  name: z.string(),
  /** The generation that the text is of; with `previous`, the last one that had it. */
  generation: Count,
  /** The text was too long and is cut; its last line says so. */
  truncated: z.boolean(),
  text: z.string(),
  /** By rising line; lines without a source position are left out. */
  lines: z.array(TextLine),
  /** In the text's order. */
  refs: z.array(TextReference),
});
export type InspectResult = z.infer<typeof InspectResult>;

/** What to compile now: the functions that a breakpoint at a source line is in, or functions by symbol. */
export const CompileParams = z.union([
  z.object({ ...ProgramParams, file: z.string(), line: Count }),
  z.object({ ...ProgramParams, symbols: z.array(z.string()) }),
]);
export type CompileParams = z.infer<typeof CompileParams>;

export const CompileResult = z.looseObject({
  generation: Count,
  /** The functions that were asked for, whether they had to be compiled or not. */
  symbols: z.array(
    z.looseObject({
      symbol: z.string(),
      name: z.string(),
      unit: z.string(),
      file: z.string().nullable(),
      line: Count,
      endLine: Count,
    }),
  ),
  /** How many of them had no code and have it now. */
  compiled: Count,
});
export type CompileResult = z.infer<typeof CompileResult>;

export const ProgramStatus = z.looseObject({
  workspace: z.string(),
  program: z.string(),
  generation: Count,
  functions: Count,
  image: z.string(),
  imageBytes: Count,
});

export const StatusResult = z.looseObject({
  version: z.string(),
  pid: Count,
  uptimeMs: z.number().nonnegative(),
  toolchain: z.string(),
  memory: z.looseObject({
    /** Of the daemon. */
    rssBytes: Count,
    cacheFunctions: Count,
    cacheBytes: Count,
    /** Functions that programs had to wait for since the daemon's start. */
    firstCalls: Count,
    imageBytes: Count,
    /** Bounds of `cacheBytes`, `imageBytes`, and (as far as giving up programs helps) `rssBytes`. */
    cacheLimitBytes: Count.optional(),
    imageLimitBytes: Count.optional(),
    memoryLimitBytes: Count.optional(),
  }),
  /** The function cache since the daemon's start: found by publications, compiled, dropped to make room. */
  cache: z.looseObject({ hits: Count, misses: Count, evictions: Count }).optional(),
  /** Functions of all programs by who compiled them. */
  tiers: z.looseObject({ cranelift: Count, llvm: Count, none: Count }).optional(),
  programs: z.array(ProgramStatus),
});
export type StatusResult = z.infer<typeof StatusResult>;

export const EvictParams = z.object({ workspace: z.string() });
export type EvictParams = z.infer<typeof EvictParams>;

/** What `cranefly-engine clif` prints of a `.clif` file; lines count from 1. */
export const ClifReport = z.looseObject({
  /**
   * What is wrong with the file: no CLIF, refused by Cranelift's verifier (then nothing is run), or a directive that
   * makes no sense.
   */
  errors: z.array(z.looseObject({ line: Count, message: z.string() })),
  /** Its directives: `ok` when one holds, or, for `print`, returned; `message` has the call and what it returned, or why not. */
  directives: z.array(z.looseObject({ line: Count, ok: z.boolean(), message: z.string() })),
});
export type ClifReport = z.infer<typeof ClifReport>;

export const EmptyResult = z.looseObject({});

/** What the engine puts into a JSON-RPC error's `data`. */
export const ErrorData = z.looseObject({ kind: z.string(), details: z.unknown().optional() });
