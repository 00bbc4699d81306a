/**
 * The generation report: what one build of one workspace did, from the file event to "runnable".
 *
 * The command line prints it (`cranefly watch --json`), the language server turns it into lenses and notifications.
 * All times are milliseconds unless a field is called `us`.
 */
import * as z from "zod";

/** Which of the three ways a change took; see docs/design/lanes.md. */
export const Lane = z.enum(["cargo", "crate", "body"]);
export type Lane = z.infer<typeof Lane>;

const Count = z.number().int().nonnegative();
const Time = z.number().nonnegative();

/** How many functions the programs have and what became of them. */
export const FunctionCounts = z.object({
  total: Count,
  changed: Count,
  hit: Count,
  compiled: Count,
  llvm: Count,
  /** Left to be compiled when first called. */
  deferred: Count.default(0),
});
export type FunctionCounts = z.infer<typeof FunctionCounts>;

/** Functions that Cranelift could not take, by the construct that stood in the way. */
export const Fallback = z.object({ construct: z.string(), functions: Count });
export type Fallback = z.infer<typeof Fallback>;

/** Where a generation's time went; `total` runs from the file event (or the command's start) to runnable. */
export const StageTimes = z.object({
  total: Time,
  /** Looking whether cargo has to run. */
  check: Time,
  /** Build scripts that were run again without cargo. */
  scripts: Time,
  /** cargo with everything that it ran. */
  capture: Time,
  /** rustc, for the workspace's units. */
  frontEnd: Time,
  /** The base image. */
  base: Time,
  /** From the request to the engine's answer; the five below are the engine's own. */
  engine: Time,
  parse: Time,
  translate: Time,
  hash: Time,
  compile: Time,
  publish: Time,
});
export type StageTimes = z.infer<typeof StageTimes>;

/** One JSON diagnostic of rustc; only the fields that are used here are spelled out, the rest is passed on. */
export const Diagnostic = z.looseObject({
  message: z.string(),
  level: z.string(),
  rendered: z.string().nullable().optional(),
});
export type Diagnostic = z.infer<typeof Diagnostic>;

/** One function of a program: where it comes from, which compiler made its code, and what that cost. */
export const FunctionEntry = z.looseObject({
  /** The linker's name, and the one in the source. */
  symbol: z.string(),
  name: z.string(),
  /**
   * For an instance of a generic function: the name that all its instances share, every list of type arguments being
   * `<_>`. Instances have `file` and `line` in common, too. `null` for a function without type parameters.
   */
  generic: z.string().nullable().optional(),
  /** For such an instance: the function's own name with its type arguments, when debug info has them. */
  instance: z.string().nullable().optional(),
  /** Absolute path. */
  file: z.string().nullable(),
  line: Count,
  /** Last line with code of the function: its closing bracket, unless it never returns. */
  endLine: Count.nullable().optional(),
  /** New in this generation, or with other content than before. */
  changed: z.boolean().optional(),
  /** `none` while it has no code. */
  tier: z.enum(["cranelift", "llvm", "none"]),
  /** Why LLVM compiled it: the construct that has no Cranelift IR. */
  construct: z.string().nullable().default(null),
  /** Microseconds of each stage, when it was last compiled. */
  us: z.object({ parse: Time, hash: Time, translate: Time, compile: Time }),
  /** Size of its code. */
  bytes: Count,
  /** What this generation did with it; `deferred`: it is compiled when it is first called. */
  status: z.enum(["compiled", "hit", "untouched", "deferred"]),
  /** Its codegen unit. */
  unit: z.string(),
});
export type FunctionEntry = z.infer<typeof FunctionEntry>;

/** How the body lane's functions compare with the crate lane's, which has compiled the same sources. */
export const Verified = z.looseObject({
  equal: Count,
  /** Copies of other crates' functions, under names that the crate lane has no use for. */
  unmatched: Count,
  /** Demangled names of functions with other content: there must be none. */
  diverged: z.array(z.string()),
});
export type Verified = z.infer<typeof Verified>;

/** What became of edits since this process began to watch. */
export interface BodyLaneStatistics {
  /** Saves that took the body lane. */
  readonly taken: number;
  /** Of these, the ones that rustc compiled as patch crates; the others went through overlays. */
  readonly patched: number;
  /** Why saves went through overlays, by reason, the most frequent first. */
  readonly overlaid: readonly { readonly reason: string; readonly count: number }[];
  /** Programs that the crate lane has compared with it. */
  readonly verified: number;
  /** Functions that differed. */
  readonly divergences: number;
  /** Saves that the crate lane did instead, by reason, the most frequent first. */
  readonly refusals: readonly { readonly reason: string; readonly count: number }[];
}

/** One program of a generation, as the engine published it. */
export const ProgramReport = z.object({
  program: z.string(),
  executable: z.string(),
  generation: Count,
  image: z.string(),
  functions: FunctionCounts,
  fallbacks: z.array(Fallback),
  units: z.object({ read: Count, reused: Count }),
  /** In a generation of the crate lane that follows the body lane. */
  verified: Verified.optional(),
  /** Every function, in a report that was asked for with them. */
  entries: z.array(FunctionEntry).optional(),
});
export type ProgramReport = z.infer<typeof ProgramReport>;

/** The report of one generation. A failed one (`ok: false`) leaves the generation before it runnable, but stale. */
export const GenerationReport = z.object({
  generation: Count,
  lane: Lane,
  ok: z.boolean(),
  /** The last good generation is what runs, although the sources have moved on. */
  stale: z.boolean(),
  reason: z.string(),
  /** The units whose bitcode was made anew, as "package:target". */
  units: z.array(z.string()),
  /** Why the body lane left it to the crate lane. */
  refused: z.string().optional(),
  /** The same without the names in it: what it is counted by. */
  refusedBy: z.string().optional(),
  ms: StageTimes,
  functions: FunctionCounts,
  diagnostics: z.array(Diagnostic),
  programs: z.array(ProgramReport),
});
export type GenerationReport = z.infer<typeof GenerationReport>;

/** A report's counts before anything was counted. */
export function noFunctions(): FunctionCounts {
  return { total: 0, changed: 0, hit: 0, compiled: 0, llvm: 0, deferred: 0 };
}

/** Stage times of zero. */
export function noTimes(): StageTimes {
  return {
    total: 0,
    check: 0,
    scripts: 0,
    capture: 0,
    frontEnd: 0,
    base: 0,
    engine: 0,
    parse: 0,
    translate: 0,
    hash: 0,
    compile: 0,
    publish: 0,
  };
}
