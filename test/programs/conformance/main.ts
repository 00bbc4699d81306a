/**
 * `npm run conformance [-- OPTIONS] [NAME…]`. Writes what it finds into `results.json` after each subject, and
 * `docs/conformance.md` from that; exit code 1 on any difference.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import * as os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { run } from "../support/process.js";
import { cache, cranefly, repository } from "../support/repository.js";
import { check, passed, realRunners } from "./check.js";
import { select, type Subject } from "./list.js";
import { subjects } from "./packages.js";
import { page } from "./page.js";
import { buildUnderTest, describes, keep, readRows, type Row } from "./results.js";
import { table } from "./table.js";

const help = `npm run conformance [-- OPTIONS] [NAME…]

Runs the tests of the named subjects, or of all that have no result of this build of Cranefly.

  --new        only those that have no result of any build
  --keep       leave what was built in target/tests/packages
  --page       write docs/conformance.md from the results, and run nothing
`;

/** One subject with a daemon of its own, whose memory is free again afterwards; and, unless asked otherwise, the disk. */
async function one(subject: Subject, isKept: boolean): Promise<Row> {
  const base = process.env["XDG_RUNTIME_DIR"] ?? os.tmpdir();
  const runtime = await mkdtemp(path.join(base, "conformance-"));
  const before = process.env["XDG_RUNTIME_DIR"];
  process.env["XDG_RUNTIME_DIR"] = runtime;
  const logs = path.join(cache, "conformance", subject.name);
  await mkdir(logs, { recursive: true });
  const log = (which: string, output: string): Promise<void> => writeFile(path.join(logs, `${which}.log`), output);
  try {
    const verdict = await check(subject, { ...realRunners, log });
    return { ...verdict, selection: subject.selection, build: await buildUnderTest() };
  } finally {
    await run(cranefly, ["stop"], { cwd: repository });
    await rm(runtime, { recursive: true, force: true });
    if (before === undefined) delete process.env["XDG_RUNTIME_DIR"];
    else process.env["XDG_RUNTIME_DIR"] = before;
    if (!isKept) await rm(path.join(await subject.folder(), "target"), { recursive: true, force: true });
  }
}

async function pending(names: readonly string[], isNew: boolean): Promise<Subject[]> {
  const chosen = select(subjects, names);
  if (names.length > 0 && !isNew) return chosen;
  const [rows, build] = [await readRows(), await buildUnderTest()];
  return chosen.filter((subject) => !rows.some((row) => describes(row, subject) && (isNew || row.build === build)));
}

async function writePage(rows: readonly Row[]): Promise<void> {
  await writeFile(
    path.join(repository, "docs/conformance.md"),
    page(
      rows,
      subjects.map(({ name }) => name),
    ),
  );
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      new: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      page: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return process.stdout.write(help) ? 0 : 1;
  if (values.page) return await writePage(await readRows()).then(() => 0);
  // Whoever works on this machine comes first.
  os.setPriority(5);
  const rows: Row[] = [];
  for (const subject of await pending(positionals, values.new)) {
    process.stderr.write(`${subject.name} …\n`);
    const row = await one(subject, values.keep);
    rows.push(row);
    process.stdout.write(`${table([row])}\n`);
    await writePage(await keep(row, subjects));
  }
  if (rows.length > 1) process.stdout.write(`\n${table(rows)}\n`);
  return rows.every(passed) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
