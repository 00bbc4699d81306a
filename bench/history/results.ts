/** What a replayed history gave, kept after each commit, so that what was interrupted goes on where it was. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as z from "zod";
import { KINDS } from "./kinds.js";

/** A save after which the crate compiles. */
const Row = z.object({
  kind: z.enum(KINDS),
  /** `fallback`: Cranefly left it to cargo. */
  lane: z.enum(["nothing", "body", "crate", "cargo", "fallback"]),
  /** Why no faster lane took it. */
  reason: z.string().nullable(),
  /** From the save until the programs are runnable. */
  ms: z.number(),
  /** Folder of the saved file's package, in the repository. */
  package: z.string(),
  file: z.string(),
  /** How many saves before it did not compile: it is the sum of them. */
  behind: z.number().int(),
  /** Of `cargo build` for the same, where it was measured. */
  cargoMs: z.number().nullable(),
});
export type Row = z.infer<typeof Row>;

const CommitResult = z.object({
  id: z.string(),
  subject: z.string(),
  rows: z.array(Row),
  /** Saves after which it does not compile, and of files that the build has not read. */
  broken: z.number().int(),
  unseen: z.number().int(),
  /** Functions in which the lanes differed. */
  diverged: z.array(z.string()),
  /** Cargo does not build the commit before it with this toolchain: nothing was saved. */
  isLeftOut: z.boolean(),
});
export type CommitResult = z.infer<typeof CommitResult>;

const Results = z.object({
  /** What the run was asked for, and which Cranefly it was: results of another one are not gone on with. */
  key: z.string(),
  name: z.string(),
  mode: z.enum(["files", "hunks"]),
  /** The newest commit, and what was built. */
  head: z.string(),
  targets: z.array(z.string()),
  machine: z.string(),
  commits: z.array(CommitResult),
});
export type Results = z.infer<typeof Results>;

export function readResults(file: string): Results | undefined {
  if (!fs.existsSync(file)) return undefined;
  return Results.safeParse(JSON.parse(fs.readFileSync(file, "utf8"))).data;
}

export function keepResults(file: string, results: Results): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(results, undefined, 1)}\n`);
  fs.renameSync(`${file}.new`, file);
}
