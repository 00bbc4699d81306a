/**
 * What rustc takes for a save of one function's body, by what it is given to compile and how.
 *
 *   npm run bench:front -- PROJECT [--unit ID] [--rounds N] [--file FILE --function NAME]
 *
 * PROJECT: a folder that `cranefly build` has built. Its sources stay as they are.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { inspectArgs } from "../../server/src/core/units/arguments.js";
import { SourceCache } from "../../server/src/core/source/sourceCache.js";
import type { BodyRef } from "../../server/src/core/source/functions.js";
import { Layout } from "../../server/src/core/support/layout.js";
import { type UnitRecord, changedInput, needUnit } from "../../server/src/core/units/record.js";
import { type Summary, summarize } from "../saves/statistics.js";
import { bundles } from "../workspace.js";
import { type EditedFunction, ways } from "./ways.js";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    unit: { type: "string" },
    rounds: { type: "string", default: "7" },
    file: { type: "string" },
    function: { type: "string" },
    target: { type: "string" },
  },
});

const project = path.resolve(process.env["INIT_CWD"] ?? ".", positionals[0] ?? ".");
const layout = new Layout(path.resolve(project, options.target ?? "target", "cranefly"));

async function main(): Promise<void> {
  const sources = await SourceCache.create(bundles);
  const record = unit();
  const edited = functionIn(record, sources);
  const all = await ways(layout, record, edited, sources);
  const times = new Map(all.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= Number(options.rounds); round++) {
    process.stderr.write(`round ${round}\n`);
    // Another one is the first each time; round 0 fills incremental sessions.
    for (const { name, compile } of [...all.slice(round % all.length), ...all.slice(0, round % all.length)]) {
      const ms = await compile(round);
      if (round > 0 && ms !== undefined) times.get(name)?.push(ms);
    }
  }
  sources.dispose();
  const where = `\`${edited.fn.path}\` in ${path.relative(project, edited.file)}`;
  process.stdout.write(`${record.invocation.id}, ${where}, ${options.rounds} rounds\n\n`);
  process.stdout.write(table(all.map(({ name }) => [name, summarize(times.get(name) ?? [])])));
}

function unit(): UnitRecord {
  const keys = fs.readdirSync(layout.units);
  const records = keys.map((key) => needUnit(layout, key));
  const wanted = records.filter(({ invocation }) => options.unit === undefined || invocation.id === options.unit);
  const largest = wanted.sort((a, b) => b.inputs.length - a.inputs.length)[0];
  if (largest === undefined) throw new Error(`${layout.root} has no such unit: ${keys.join(", ")}`);
  const changed = changedInput(largest, process.env);
  if (changed !== undefined) throw new Error(`${changed} changed: \`cranefly build\` has to come first`);
  return largest;
}

/** The function that is edited: the one that is asked for, or one of middle length in the longest source. */
function functionIn(record: UnitRecord, sources: SourceCache): EditedFunction {
  const files = record.inputs.map((input) => input.path).filter((file) => file.endsWith(".rs"));
  const isWanted = (file: string): boolean => options.file === undefined || file.endsWith(options.file);
  const [file] = files.filter(isWanted).sort((a, b) => fs.statSync(b).size - fs.statSync(a).size);
  if (file === undefined) throw new Error(`${record.invocation.id} has no such source`);
  const text = fs.readFileSync(file, "utf8");
  const { outline } = sources.get(file, text);
  if (typeof outline === "string") throw new Error(`${file}: ${outline}`);
  const { hasTestCode } = inspectArgs(record.invocation.args);
  const isPlain = (fn: BodyRef): boolean =>
    fn.root !== undefined && fn.whole === undefined && fn.inline === undefined && (hasTestCode || !fn.isTestOnly);
  const plain = outline.functions
    .filter((fn) => (options.function === undefined ? isPlain(fn) : fn.name === options.function))
    .sort((a, b) => a.endLine - a.line - (b.endLine - b.line));
  const fn = plain[Math.floor(plain.length / 2)];
  if (fn === undefined) throw new Error(`${file} has no such function`);
  return { file, text, fn };
}

function table(rows: readonly (readonly [string, Summary | undefined])[]): string {
  const whole = rows[0]?.[1]?.median ?? Number.NaN;
  const lines = rows.map(([name, summary]) => {
    if (summary === undefined) return `| ${name} | – | – | – |`;
    const { median, quartiles } = summary;
    const between = quartiles.map((ms) => ms.toFixed(0)).join(" – ");
    return `| ${name} | ${median.toFixed(0)} | ${between} | ${(median / whole).toFixed(2)} |`;
  });
  const header = ["| What rustc compiles | ms, median | quartiles | of the first |", "| --- | ---: | ---: | ---: |"];
  return [...header, ...lines, ""].join("\n");
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
