/** Runs a project's work with one build of its program, and keeps everything that can be seen of it. */
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, readlink, rm, utimes } from "node:fs/promises";
import path from "node:path";
import { normalise } from "../support/compare.js";
import { run, type Outcome } from "../support/process.js";
import type { Step, Work } from "./project.js";

/** What is seen of a session. */
export interface Seen {
  readonly steps: readonly Outcome[];
  /** Files in the play folder afterwards, by relative path: the digest of the bytes, or where a link leads to. */
  readonly files: ReadonlyMap<string, string>;
}

/** All files have this time before a session, so that programs which print times print the same. */
const LONG_AGO = new Date("2024-02-03T04:05:06Z");

const LONGEST_STEP_MS = 300_000;

/** The work in a new play folder, from the first step to the last. */
export async function session(executable: string, work: Work, play: string): Promise<Seen> {
  await renew(work, play);
  const steps: Outcome[] = [];
  for (const step of work.steps) steps.push(await perform(executable, step, work, play));
  return { steps, files: await snapshot(play, work.changing) };
}

/** One step alone, in a new play folder. */
export async function single(executable: string, step: Step, work: Work, play: string): Promise<Outcome> {
  await renew(work, play);
  return perform(executable, step, work, play);
}

async function renew(work: Work, play: string): Promise<void> {
  await rm(play, { recursive: true, force: true });
  await mkdir(play, { recursive: true });
  await work.prepare?.(play);
  await setTimes(play);
}

async function perform(executable: string, step: Step, work: Work, play: string): Promise<Outcome> {
  const outcome = await run(executable, step.args, {
    cwd: path.join(play, step.cwd ?? ""),
    env: { ...environment(play), ...work.env?.(play), ...step.env },
    timeout: LONGEST_STEP_MS,
    ...(step.stdin === undefined ? {} : { stdin: step.stdin }),
  });
  const plain = (text: string): string => {
    // Programs tell by which path they were started.
    const named = text.replaceAll(executable, path.basename(executable));
    const normal = work.normalise?.(named) ?? named;
    return step.isUnordered === true ? normal.split("\n").sort().join("\n") : normal;
  };
  return { ...outcome, stdout: plain(outcome.stdout), stderr: normalise(plain(outcome.stderr)) };
}

/** The user's own settings must not count. (cargo and rustup have to be found in spite of the other home folder.) */
function environment(play: string): Record<string, string | undefined> {
  const home = process.env["HOME"] ?? "/";
  return {
    HOME: play,
    XDG_CONFIG_HOME: path.join(play, ".config"),
    XDG_DATA_HOME: path.join(play, ".data"),
    XDG_CACHE_HOME: path.join(play, ".cache"),
    XDG_STATE_HOME: path.join(play, ".state"),
    CARGO_HOME: process.env["CARGO_HOME"] ?? path.join(home, ".cargo"),
    RUSTUP_HOME: process.env["RUSTUP_HOME"] ?? path.join(home, ".rustup"),
    GIT_CONFIG_NOSYSTEM: "1",
    TZ: "UTC",
    PAGER: "cat",
    SHELL: "/bin/sh",
  };
}

async function setTimes(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) await setTimes(full);
    else if (entry.isFile()) await utimes(full, LONG_AGO, LONG_AGO);
  }
  await utimes(folder, LONG_AGO, LONG_AGO);
}

async function snapshot(play: string, changing: RegExp | undefined): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const full = path.join(folder, entry.name);
      const name = path.relative(play, full);
      if (changing?.test(name) === true) files.set(name, "there");
      else if (entry.isDirectory()) await visit(full);
      else if (entry.isSymbolicLink()) files.set(name, `-> ${await readlink(full)}`);
      else if (entry.isFile())
        files.set(
          name,
          createHash("sha256")
            .update(await readFile(full))
            .digest("hex"),
        );
      else files.set(name, "there");
    }
  };
  await visit(play);
  return files;
}
