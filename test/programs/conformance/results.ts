/** What is kept of each subject, in a file of the repository: a run that was interrupted, or another machine, goes on. */
import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { Fallback, FunctionCounts } from "../../../shared/src/report.js";
import { cranefly, repository } from "../support/repository.js";
import type { Verdict } from "./check.js";
import type { Subject } from "./list.js";

const TestName = z.object({ target: z.string(), test: z.string() });
const Result = z.enum(["ok", "FAILED", "ignored", "no verdict", "present", "missing"]);
const Count = z.number().int().nonnegative();

/** One subject's verdict, and what it holds for. */
export interface Row extends Verdict {
  readonly selection: readonly string[];
  /** Of the build of Cranefly that gave it: see `buildUnderTest`. */
  readonly build: string;
}

const Row: z.ZodType<Row> = z.object({
  name: z.string(),
  origin: z.string(),
  selection: z.array(z.string()),
  build: z.string(),
  targets: Count,
  tests: Count,
  nativeFailures: Count,
  unstable: z.array(TestName),
  differences: z.array(TestName.extend({ native: Result, cranefly: Result })),
  problems: z.array(z.string()),
  functions: FunctionCounts,
  llvm: z.array(Fallback),
  seconds: z.object({ native: z.number(), cranefly: z.number() }),
});

const file = path.join(repository, "test/programs/conformance/results.json");

/** The rows of the file; none when there is no file. */
export async function readRows(): Promise<Row[]> {
  const text = await readFile(file, "utf8").catch(() => "[]");
  return z.array(Row).parse(JSON.parse(text));
}

/** Replaces a subject's row, and leaves out those of subjects that are not in the list any more. */
export async function keep(row: Row, subjects: readonly Subject[]): Promise<Row[]> {
  const others = (await readRows()).filter((other) => other.name !== row.name);
  const rows = subjects.flatMap(({ name }) => [row, ...others].filter((other) => other.name === name));
  await writeFile(`${file}.new`, `${JSON.stringify(rows, undefined, 2)}\n`);
  await rename(`${file}.new`, file);
  return rows;
}

/** Whether a row says something about this subject: the same package, version and features. */
export function describes(row: Row, { name, origin, selection }: Subject): boolean {
  return row.name === name && row.origin === origin && JSON.stringify(row.selection) === JSON.stringify(selection);
}

/** Names the build of Cranefly under test: a digest of its engine and its bundles. */
export async function buildUnderTest(): Promise<string> {
  const root = path.join(path.dirname(cranefly), "..");
  const digest = createHash("sha256");
  for (const part of ["engine/target/release/cranefly-engine", "dist/cli.cjs", "dist/shim.cjs", "bin/cranefly"])
    digest.update(await readFile(path.join(root, part)));
  return digest.digest("hex").slice(0, 12);
}
