/** The results as the table in `docs/projects.md`. */
import { readFile, writeFile } from "node:fs/promises";
import type { EditResult, ProjectResult } from "./results.js";

const BEGIN = "<!-- npm run projects: begin -->";
const END = "<!-- npm run projects: end -->";

/** Puts the section into a document, in the place of the one that was there. */
export async function replaceSection(file: string, section: string): Promise<void> {
  const text = await readFile(file, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${file} has no section of the projects`);
  await writeFile(file, `${text.slice(0, begin + BEGIN.length)}\n\n${section}\n\n${text.slice(end)}`);
}

const HEADING = [
  "Project",
  "Steps",
  "Result",
  "Functions",
  "Through LLVM",
  "First build, s (cargo)",
  "Daemon's memory + image, MB",
  "Disk, MB (cargo)",
  "A body: s (cargo)",
  "A new function: s (cargo)",
  "Cranefly",
];

export function sectionOf(results: readonly ProjectResult[]): string {
  return [
    row(HEADING),
    row(HEADING.map((_, n) => (n === 0 || n === 2 ? "---" : "---:"))),
    ...results.map((result) => row(cells(result))),
    "",
    total(results),
    ...results.flatMap(details),
  ].join("\n");
}

function row(texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
}

function cells(result: ProjectResult): string[] {
  const { firstBuild, memory, disk, edits } = result;
  return [
    `${result.name} ${result.version}`,
    String(result.steps),
    verdict(result),
    result.functions?.toLocaleString("en") ?? "–",
    String(throughLlvm(result)),
    pair(firstBuild.cranefly, firstBuild.cargo, seconds),
    memory === undefined ? "–" : `${megabytes(memory.peak)} + ${megabytes(memory.images)}`,
    pair(disk.cranefly, disk.cargo, megabytes),
    edit(edits.body),
    edit(edits.item),
    result.cranefly,
  ];
}

/** Whether everything was compared that there is to compare. */
function isComplete({ edits }: ProjectResult): boolean {
  return edits.body !== undefined && edits.item !== undefined;
}

function verdict(result: ProjectResult): string {
  const { length } = result.problems;
  if (length > 0) return `**${length} ${length === 1 ? "problem" : "problems"}**`;
  return isComplete(result) ? "same" : "same, **not edited**";
}

function throughLlvm({ llvm }: ProjectResult): number {
  return llvm.reduce((sum, { functions }) => sum + functions, 0);
}

function total(results: readonly ProjectResult[]): string {
  const functions = results.reduce((sum, result) => sum + (result.functions ?? 0), 0);
  const llvm = results.reduce((sum, result) => sum + throughLlvm(result), 0);
  const share = functions === 0 ? 0 : (100 * llvm) / functions;
  const good = results.filter(({ problems }) => problems.length === 0);
  const same = good.filter(isComplete).length;
  const unedited = good.length - same;
  return (
    `${results.length} projects, ${same} of them the same in everything` +
    `${unedited === 0 ? "" : `, ${unedited} in all but edits, which were not made`}; ${functions.toLocaleString("en")} functions, ${llvm} of them through LLVM (${share.toFixed(3)}%).`
  );
}

/** What the table has no room for. */
function details({ name, problems, llvm, edits }: ProjectResult): string[] {
  const lines = [
    ...problems.map((problem) => oneLine(problem)),
    ...llvm.map(({ construct, functions }) => `${functions} through LLVM: ${construct}.`),
    ...(edits.body === undefined ? [] : wayOf("the edit of a body", edits.body)),
    ...(edits.item === undefined ? [] : wayOf("the edit with a new function", edits.item)),
  ];
  return lines.length === 0 ? [] : ["", `**${name}**`, "", ...lines.map((line) => `- ${line}`)];
}

/** Which way an edit took, if it was not the fastest. */
function wayOf(what: string, { lane, refused, noPatch }: EditResult): string[] {
  const overlay = noPatch === undefined ? [] : [`No patch crate could be made of ${what}: ${noPatch}.`];
  if (lane === "body") return overlay.map((line) => `${line} It went through an overlay.`);
  return [
    ...overlay,
    `${what.charAt(0).toUpperCase()}${what.slice(1)} took the ${lane} lane: ${refused ?? "no reason is given"}.`,
  ];
}

function oneLine(text: string): string {
  const plain = text.replace(/\s+/g, " ").replaceAll("`", "'");
  return `\`${plain.length > 400 ? `${plain.slice(0, 400)} …` : plain}\``;
}

function pair(cranefly: number | undefined, cargo: number | undefined, as: (value: number) => string): string {
  const text = (value: number | undefined): string => (value === undefined ? "–" : as(value));
  return `${text(cranefly)} (${text(cargo)})`;
}

function edit(result: EditResult | undefined): string {
  return result === undefined ? "–" : `${result.lane} ${pair(result.cranefly, result.cargo, seconds)}`;
}

function seconds(value: number): string {
  return value < 10 ? value.toFixed(2) : String(Math.round(value));
}

function megabytes(bytes: number): string {
  return String(Math.round(bytes / 1e6));
}
