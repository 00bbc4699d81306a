/**
 * The engine's wire protocol: JSON-RPC 2.0 with Content-Length headers over a Unix stream socket.
 *
 * Every answer of the engine is checked against these schemas, so that an engine of another version is an error that
 * says so and never a half-understood answer.
 */
import * as z from "zod";
import { Fallback, FunctionCounts, FunctionEntry } from "./report.js";

/** The version that both sides must agree on in `initialize`. */
export const PROTOCOL_VERSION = 1;

const Count = z.number().int().nonnegative();
const Micros = z.number().nonnegative();

export const InitializeParams = z.object({ protocol: z.literal(PROTOCOL_VERSION) });
export const InitializeResult = z.looseObject({
  protocol: z.number(),
  version: z.string(),
  pid: Count,
  toolchain: z.string(),
});

/** One rustc unit of a program: its crate name and the bitcode files of its codegen units (absolute paths). */
export const BitcodeUnit = z.object({ id: z.string(), crate: z.string(), bitcode: z.array(z.string()) });
export type BitcodeUnit = z.infer<typeof BitcodeUnit>;

export const PublishParams = z.object({
  /** The `target/cranefly` folder in use. */
  workspace: z.string(),
  /** Unique in the workspace, for example "debug/rg" or "debug/deps/integration-1234". */
  program: z.string(),
  /** Where the tiny executable goes. */
  executable: z.string(),
  /** The base image, `libbase.so`. */
  base: z.string(),
  units: z.array(BitcodeUnit),
  /** rustc's `-C opt-level`: "0" … "3", "s", "z". */
  optLevel: z.string(),
  panic: z.enum(["unwind", "abort"]),
  /** rustc's `-C debuginfo` that the units were compiled with. */
  debugInfo: z.string().optional(),
});
export type PublishParams = z.infer<typeof PublishParams>;

export const PublishResult = z.looseObject({
  generation: Count,
  image: z.string(),
  us: z.looseObject({ parse: Micros, translate: Micros, hash: Micros, compile: Micros, publish: Micros }),
  functions: FunctionCounts,
  fallbacks: z.array(Fallback),
  units: z.object({ read: Count, reused: Count }),
  warnings: z.array(z.string()),
});
export type PublishResult = z.infer<typeof PublishResult>;

export const FunctionsParams = z.object({ workspace: z.string(), program: z.string() });
export type FunctionsParams = z.infer<typeof FunctionsParams>;

export const FunctionsResult = z.looseObject({ generation: Count, functions: z.array(FunctionEntry) });
export type FunctionsResult = z.infer<typeof FunctionsResult>;

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
  }),
  programs: z.array(ProgramStatus),
});
export type StatusResult = z.infer<typeof StatusResult>;

export const EvictParams = z.object({ workspace: z.string() });
export type EvictParams = z.infer<typeof EvictParams>;

export const EmptyResult = z.looseObject({});

/** What the engine puts into a JSON-RPC error's `data`. */
export const ErrorData = z.looseObject({ kind: z.string() });
