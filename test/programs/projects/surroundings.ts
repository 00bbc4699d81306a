/** What results are of: this version of Cranefly, the compiler, the machine. */
import os from "node:os";
import { mustRun } from "../support/process.js";
import { repository } from "../support/repository.js";
import type { Surroundings } from "./check.js";

/**
 * Of the product alone, as far as it is committed: the digest of what git has of the sources, so that a result counts as long
 * as nothing changes that could change it.
 */
async function ownVersion(): Promise<string> {
  const git = async (...args: string[]): Promise<string> =>
    (await mustRun("git", args, { cwd: repository })).stdout.trim();
  const folders = ["engine", "server", "shared"];
  const trees = await Promise.all(folders.map((folder) => git("rev-parse", "--short=4", `HEAD:${folder}`)));
  const changes = await git("status", "--porcelain", "--", ...folders);
  return `${trees.map((tree) => tree.slice(0, 4)).join("")}${changes === "" ? "" : "-changed"}`;
}

export async function surroundings(): Promise<Surroundings> {
  const rustc = (await mustRun("rustc", ["--version"], { cwd: repository })).stdout.trim();
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GB`;
  return {
    cranefly: await ownVersion(),
    rustc,
    machine: `${os.cpus()[0]?.model ?? "unknown processor"}, ${os.availableParallelism()} cores, ${memory}`,
  };
}
