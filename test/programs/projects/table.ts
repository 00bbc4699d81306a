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
    result.problems.length === 0 ? "same" : `**${result.problems.length} problems**`,
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

function throughLlvm({ llvm }: ProjectResult): number {
  return llvm.reduce((sum, { functions }) => sum + functions, 0);
}

function total(results: readonly ProjectResult[]): string {
  const functions = results.reduce((sum, result) => sum + (result.functions ?? 0), 0);
  const llvm = results.reduce((sum, result) => sum + throughLlvm(result), 0);
  const share = functions === 0 ? 0 : (100 * llvm) / functions;
  return (
    `${results.length} projects, ${results.filter(({ problems }) => problems.length === 0).length} of them the same in ` +
    `everything that was compared; ${functions.toLocaleString("en")} functions, ${llvm} of them through LLVM (${share.toFixed(3)}%).`
  );
}

/** What the table has no room for. */
function details({ name, problems, llvm, edits }: ProjectResult): string[] {
  const body = edits.body;
  const lines = [
    ...problems.map((problem) => oneLine(problem)),
    ...llvm.map(({ construct, functions }) => `${functions} through LLVM: ${construct}.`),
    ...(body === undefined || body.lane === "body"
      ? []
      : [`The edit of a body took the ${body.lane} lane: ${body.refused ?? "no reason is given"}.`]),
  ];
  return lines.length === 0 ? [] : ["", `**${name}**`, "", ...lines.map((line) => `- ${line}`)];
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
