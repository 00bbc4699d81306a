/** The measurements as a section of docs/benchmarks.md. */
import * as fs from "node:fs";
import type { BodyLaneStatistics, StageTimes } from "../../shared/src/report.js";
import type { Machine } from "./machine.js";
import type { Plan, Sample, Series } from "./measure.js";
import type { Unchanged } from "./noChange.js";
import { type Summary, summarize } from "./statistics.js";

export interface Result {
  readonly subject: string;
  readonly series: readonly Series[];
  readonly unchanged: readonly Unchanged[];
  /** Of the body lane, warming up included. */
  readonly statistics: BodyLaneStatistics | undefined;
}

export interface Results {
  readonly machine: Machine;
  readonly plan: Plan;
  readonly results: readonly Result[];
}

/** Puts a section into a document, in the place of the one that was there. `command`: what prints it. */
export function replaceSection(file: string, command: string, section: string): void {
  const text = fs.readFileSync(file, "utf8");
  const [beginMark, endMark] = [`<!-- ${command}: begin -->`, `<!-- ${command}: end -->`];
  const [begin, end] = [text.indexOf(beginMark), text.indexOf(endMark)];
  if (begin < 0 || end < begin) throw new Error(`${file} has no section of ${command}`);
  fs.writeFileSync(file, `${text.slice(0, begin + beginMark.length)}\n\n${section}\n${text.slice(end)}`);
}

export function sectionOf({ machine, plan, results }: Results): string {
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memory}, Linux ${machine.kernel}; ${machine.rustc}, ${machine.cargo}` +
      `${machine.mold === undefined ? "; mold was not installed" : `, ${machine.mold}`}; Cranefly ${machine.commit}; \`debuginfo=${machine.debugInfo}\`, ` +
      `opt-level 0. ${plan.rounds} rounds behind ${plan.warmups} that do not count. Load average ${machine.load[0]} before, ${machine.load[1]} behind.`,
    "",
    ...results.flatMap(tables),
  ].join("\n");
}

function tables({ subject, series, unchanged, statistics }: Result): string[] {
  const cargo = series.filter(({ isCargo }) => isCargo).map(({ samples }) => samples);
  const fastest = (of: (sample: Sample) => number): number =>
    Math.min(...cargo.flatMap((samples) => summarize(samples.map(of))?.median ?? []));
  const measures = [(sample: Sample) => sample.runnable, (sample: Sample) => sample.output];
  const rows = series.map(({ name, samples }) => {
    const cells = measures.flatMap((of) => cellsOf(summarize(samples.map(of)), fastest(of)));
    return `| ${name} | ${samples.length} | ${cells.join(" | ")} |`;
  });
  const ours = series.filter(({ samples }) => samples.some(({ ms }) => ms !== undefined));
  return [
    `### ${subject}`,
    "",
    "| | Saves | Save → runnable, ms | quartiles | of the fastest cargo | Save → first output, ms | quartiles | of the fastest cargo |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows,
    "",
    ...stages(ours),
    "",
    ...ours.flatMap(otherLanes),
    ...(statistics === undefined ? [] : bodyLane(statistics)),
    ...withoutChange(unchanged),
  ];
}

/** What it takes to run what is built already; the first row is the program alone. */
function withoutChange(ways: readonly Unchanged[]): string[] {
  const alone = summarize(ways[0]?.samples ?? [])?.median ?? 0;
  const rows = ways.flatMap(({ name, samples }) => {
    const summary = summarize(samples);
    if (summary === undefined) return [];
    const { median, quartiles } = summary;
    return `| ${name} | ${samples.length} | **${time(median)}** | ${quartiles.map(time).join(" – ")} | ${time(median - alone)} |`;
  });
  if (rows.length === 0) return [];
  return [
    "| Nothing has changed | Runs | Start → the program's end, ms | quartiles | more than the program alone |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...rows,
    "",
  ];
}

function cellsOf(summary: Summary | undefined, fastest: number): string[] {
  if (summary === undefined) return ["–", "–", "–"];
  const { median, quartiles } = summary;
  return [`**${time(median)}**`, quartiles.map(time).join(" – "), (median / fastest).toFixed(2)];
}

/** Rows of the table that says where the time went. Those that begin with a dash are parts of the row above them. */
const STAGES: readonly (readonly [string, (ms: StageTimes, sample: Sample) => number])[] = [
  ["seeing the save", (_, { noticed }) => noticed],
  ["looking whether cargo has to run", ({ check, scripts }) => check + scripts],
  ["rustc, and the sources made for it", ({ frontEnd }) => frontEnd],
  ["the engine", ({ engine }) => engine],
  ["– reading bitcode", ({ parse }) => parse],
  ["– translating", ({ translate }) => translate],
  ["– hashing", ({ hash }) => hash],
  ["– compiling", ({ compile }) => compile],
  ["– linking and publishing", ({ publish }) => publish],
  [
    "everything else: classifying the edit, records",
    ({ total, check, scripts, capture, frontEnd, base, engine }, { noticed }) =>
      total - noticed - check - scripts - capture - frontEnd - base - engine,
  ],
];

function stages(series: readonly Series[]): string[] {
  const rows = STAGES.map(([name, of]) => {
    const cells = series.map(({ samples }) => {
      const times = samples.flatMap((sample) => (sample.ms === undefined ? [] : [of(sample.ms, sample)]));
      const summary = summarize(times);
      return summary === undefined ? "–" : time(summary.median);
    });
    return `| ${name} | ${cells.join(" | ")} |`;
  });
  return [
    `| Medians, ms | ${series.map(({ name }) => name).join(" | ")} |`,
    `| --- | ${series.map(() => "---:").join(" | ")} |`,
    ...rows,
  ];
}

/** How the body lane did its saves, and the crate lane's word on them. */
function bodyLane({ taken, patched, overlaid, divergences, verified }: BodyLaneStatistics): string[] {
  const reasons = overlaid.map(({ reason, count }) => `${reason} (${count})`).join("; ");
  return [
    `Body lane, warming up included: ${taken} saves, ${patched} of them as patch crates${reasons === "" ? "" : `, others through an overlay: ${reasons}`}. ` +
      `The crate lane compared ${verified} times: ${divergences} functions differed.`,
    "",
  ];
}

/** Saves of the body lane's series that another lane did, and why. */
function otherLanes({ name, samples }: Series): string[] {
  const counts = new Map<string, number>();
  for (const { refused } of samples) if (refused !== undefined) counts.set(refused, (counts.get(refused) ?? 0) + 1);
  return [...counts].flatMap(([reason, count]) => [
    `${count} saves of “${name}” were left to the crate lane: ${reason}.`,
    "",
  ]);
}

function time(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}
