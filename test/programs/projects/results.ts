/** What was found of each project, kept from one run to the next and from one machine to another: `docs/projects.json`. */
import { readFile, writeFile } from "node:fs/promises";
import * as z from "zod";
import { Fallback, Lane } from "../../../shared/src/report.js";

const Seconds = z.number().nonnegative();
const Bytes = z.number().nonnegative();

export const EditResult = z.object({
  lane: Lane,
  /** Why it was not the body lane. */
  refused: z.string().optional(),
  cranefly: Seconds,
  cargo: Seconds,
});
export type EditResult = z.infer<typeof EditResult>;

export const ProjectResult = z.object({
  name: z.string(),
  version: z.string(),
  /** Of Cranefly: see `ownVersion`. */
  cranefly: z.string(),
  rustc: z.string(),
  machine: z.string(),
  /** Starts of the program that were compared. */
  steps: z.number().int(),
  /** Whatever is not as it should be, in words; empty if nothing differs. */
  problems: z.array(z.string()),
  functions: z.number().int().optional(),
  llvm: z.array(Fallback),
  firstBuild: z.object({ cranefly: Seconds.optional(), cargo: Seconds.optional() }),
  /** The daemon's greatest resident memory during the first build, and the image. */
  memory: z.object({ peak: Bytes, images: Bytes }).optional(),
  /** The target folders after the first build. */
  disk: z.object({ cranefly: Bytes.optional(), cargo: Bytes.optional() }),
  edits: z.object({ body: EditResult.optional(), item: EditResult.optional() }),
});
export type ProjectResult = z.infer<typeof ProjectResult>;

export async function readResults(file: string): Promise<ProjectResult[]> {
  const text = await readFile(file, "utf8").catch(() => "[]");
  return z.array(ProjectResult).parse(JSON.parse(text));
}

/** Puts a result in the place of the one that was there of the same project; `names`: the order of all. */
export async function keepResult(
  file: string,
  names: readonly string[],
  result: ProjectResult,
): Promise<ProjectResult[]> {
  const others = (await readResults(file)).filter(({ name }) => name !== result.name);
  const place = ({ name }: ProjectResult): number => (names.includes(name) ? names.indexOf(name) : names.length);
  const all = [...others, result].sort((a, b) => place(a) - place(b));
  await writeFile(file, `${JSON.stringify(all, undefined, 2)}\n`);
  return all;
}
