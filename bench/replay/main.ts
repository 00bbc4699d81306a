/** The command line of the replay. */
import * as fs from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { digest } from "../../server/src/core/support/files.js";
import { repository } from "../workspace.js";
import { EDIT_KINDS } from "./edits.js";
import { replay } from "./replay.js";

const USAGE = `usage: npm run replay -- DIR [--edits N] [--seed N] [--commits N] [--native-every N] [--follow-every N] [--keep-every N]
         [--args "…"] [--json FILE] [--verbose] [--without KIND,…] [-p PKG] [--bin NAME]
`;

const { values: options, positionals } = parsed(() =>
  parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h", default: false },
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
  }),
);
if (options.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

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

/** What `parse` gives; ends the process when the user's options are none. */
function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
});
