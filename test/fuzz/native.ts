/** What a program does, natively and otherwise. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

/** What a user sees of a run; `refusal` where there is no program. */
export type Outcome = { readonly output: string } | { readonly refusal: string };

/** Writes the files that differ from what is there. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === text) continue;
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
}

/** Output, exit code and signal of a program. */
export function outcomeOf(executable: string, cwd: string, env: NodeJS.ProcessEnv): Outcome {
  const { stdout, stderr, status, signal, error } = spawnSync(executable, [], {
    cwd,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...env, RUST_BACKTRACE: "0" },
  });
  const words = error === undefined ? [`status ${status ?? signal ?? ""}`] : [error.message];
  return { output: [stdout, stderr.replace(/thread '([^']*)' \(\d+\)/g, "thread '$1'"), ...words].join("\n") };
}

/** rustc itself, in a folder of its own, as incremental as cargo would have it. */
export class Native {
  constructor(
    private readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    fs.mkdirSync(folder, { recursive: true });
  }

  run(files: Readonly<Record<string, string>>, optLevel = 0): Outcome {
    writeFiles(this.folder, files);
    const executable = path.join(this.folder, `native-${optLevel}`);
    const options = [`-Copt-level=${optLevel}`, "-Cdebug-assertions=on", `-Cincremental=incremental-${optLevel}`];
    const args = ["--edition=2024", "--crate-name=fuzzed", ...options, "-o", executable, "src/main.rs"];
    const { status, stderr } = spawnSync("rustc", args, { cwd: this.folder, encoding: "utf8", env: this.env });
    return status === 0 ? outcomeOf(executable, this.folder, this.env) : { refusal: stderr };
  }
}

/** What differs first, or nothing. `hasPlaces`: where panics were raised counts as well. */
export function difference(native: Outcome, ours: Outcome, hasPlaces: boolean): string | undefined {
  if ("refusal" in native) return undefined;
  if ("refusal" in ours) return `natively it compiles, and here: ${ours.refusal.slice(0, 400)}`;
  const comparable = (text: string): string[] =>
    (hasPlaces ? text : text.replace(/( at src\/\w+\.rs):\d+:\d+$/gm, "$1")).split("\n");
  const [expected, found] = [comparable(native.output), comparable(ours.output)];
  const at = expected.findIndex((line, i) => line !== found[i]);
  if (at < 0) return expected.length === found.length ? undefined : `more is printed: ${found[expected.length] ?? ""}`;
  return `natively "${expected[at] ?? ""}", here "${found[at] ?? ""}"`;
}
