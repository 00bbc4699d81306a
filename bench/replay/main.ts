/**
 * The command line of the replay.
 *
 *   npm run replay -- DIR [--edits N] [--seed N] [--commits N] [--native-every N] [--follow-every N] [--keep-every N] [--args "…"] [--json FILE] [--verbose] [--without KIND,…] [-p PKG] [--bin N]
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { digest } from "../../server/src/core/files.js";
import { repository } from "../workspace.js";
import { EDIT_KINDS } from "./edits.js";
import { replay } from "./replay.js";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    edits: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    commits: { type: "string", default: "50" },
    "native-every": { type: "string", default: "50" },
    "follow-every": { type: "string", default: "1" },
    "keep-every": { type: "string", default: "10" },
    args: { type: "string", default: "" },
    verbose: { type: "boolean", default: false },
    without: { type: "string", default: "" },
    json: { type: "string" },
    package: { type: "string", short: "p" },
    bin: { type: "string" },
  },
});

const source = path.resolve(process.env["INIT_CWD"] ?? ".", positionals[0] ?? "test/fixtures/sample");
const place = path.join(repository, "target/tests/replay", `${path.basename(source)}-${digest(source).slice(0, 8)}`);

/** Ctrl-C, which may be told more than once: what was replayed until then is told. */
const interrupt = new AbortController();
process.on("SIGINT", () => interrupt.abort());

async function main(): Promise<void> {
  const { tally, statistics } = await replay({
    source,
    place,
    targets: [
      ...(options.package === undefined ? [] : ["--package", options.package]),
      ...(options.bin === undefined ? [] : ["--bin", options.bin]),
    ],
    args: options.args === "" ? [] : options.args.split(" "),
    env: process.env,
    edits: Number(options.edits),
    seed: Number(options.seed),
    kinds: EDIT_KINDS.filter((kind) => !options.without.split(",").includes(kind)),
    commits: Number(options.commits),
    nativeEvery: Number(options["native-every"]),
    followEvery: Number(options["follow-every"]),
    keepEvery: Number(options["keep-every"]),
    stop: interrupt.signal,
    onProgress: (done) => {
      if (done % 20 === 0) process.stderr.write(`${done} edits\n`);
    },
    onSave: ({ kind, where }, { ok, lane, ms, refused }) => {
      const words = [ok ? lane : "failed", `${Math.round(ms.total)} ms`, kind, where, refused ?? ""];
      if (options.verbose) process.stderr.write(`${words.join("  ")}\n`);
    },
  });
  process.stdout.write(tally.markdown(statistics));
  if (options.json !== undefined) fs.writeFileSync(options.json, `${JSON.stringify(tally.toJson(), undefined, 2)}\n`);
  process.exitCode = tally.isGood ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
});
