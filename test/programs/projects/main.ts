/** The command line of `npm run projects`. Exit code 1 if anything differs. */
import path from "node:path";
import { parseArgs } from "node:util";
import { repository } from "../support/repository.js";
import { check } from "./check.js";
import { projects, select } from "./list.js";
import { keepResult, readResults } from "./results.js";
import { surroundings } from "./surroundings.js";
import { replaceSection, sectionOf } from "./table.js";

const USAGE = `npm run projects [-- [--again] NAME…]
  NAME      of ${projects.map(({ name }) => name).join(", ")} (default: all)
  --again   those as well of which there is a result of this version of Cranefly
  --table   runs nothing: writes the table of the results that there are
`;

const JSON_FILE = path.join(repository, "docs/projects.json");
const DOCUMENT = path.join(repository, "docs/projects.md");

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      again: { type: "boolean", default: false },
      table: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const now = await surroundings();
  const names = projects.map(({ name }) => name);
  let results = await readResults(JSON_FILE);
  if (values.table) {
    await replaceSection(DOCUMENT, sectionOf(results));
    return 0;
  }
  const selected = select(positionals);
  for (const project of selected) {
    const { name, version } = project;
    const isKept = results.some(
      (kept) =>
        kept.name === name && kept.version === version && kept.cranefly === now.cranefly && kept.rustc === now.rustc,
    );
    if (isKept && !values.again) continue;
    const progress = (text: string): void => {
      process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${name}: ${text}\n`);
    };
    const result = await check(project, now, progress);
    for (const problem of result.problems) progress(`PROBLEM ${problem}`);
    // At once, so that nothing is lost when the rest is interrupted.
    results = await keepResult(JSON_FILE, names, result);
    await replaceSection(DOCUMENT, sectionOf(results));
  }
  const wanted = new Set(selected.map(({ name }) => name));
  const shown = results.filter(({ name }) => wanted.has(name));
  process.stdout.write(`${sectionOf(shown)}\n`);
  return shown.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 2;
  },
);
