/** The measurements as a section of docs/benchmarks.md. */
import type { Edit, Result, SideResult } from "./measure.js";

const MEGABYTE = 2 ** 20;

/** A row of the table: its name and a cell for each result. */
type Row = readonly [string, (result: Result) => string];

const count = (value: number): string => value.toLocaleString("en-US");
const seconds = (ms: number | undefined): string =>
  ms === undefined ? "–" : (ms / 1000).toLocaleString("en-US", { maximumFractionDigits: ms < 10_000 ? 2 : 0 });
const megabytes = (bytes: number): string => count(Math.round(bytes / MEGABYTE));
const lanes = (edits: readonly Edit[]): string => [...new Set(edits.map(({ lane }) => lane))].join(", ");
const ofCargo =
  (of: (cargo: SideResult) => string): Row[1] =>
  ({ cargo }) =>
    cargo === undefined ? "–" : of(cargo);

const ROWS: readonly Row[] = [
  ["crates", ({ shape }) => count(shape.crates)],
  ["first build, s", ({ cranefly }) => seconds(cranefly.firstMs)],
  ["– cargo and rustc", ({ cranefly }) => seconds(cranefly.frontEndMs)],
  ["– the engine", ({ cranefly }) => seconds(cranefly.engineMs)],
  ["– with cargo", ofCargo((cargo) => seconds(cargo.firstMs))],
  ["first start, s", ({ cranefly }) => seconds(cranefly.startMs[0])],
  ["– a later one", ({ cranefly }) => seconds(cranefly.startMs[1])],
  ["– with cargo", ofCargo((cargo) => seconds(cargo.startMs[1]))],
  ["edit of a body → runnable, s", ({ cranefly }) => seconds(cranefly.bodyMs)],
  ["– the engine", ({ cranefly: { body } }) => seconds(Math.min(...body.map(({ engineMs }) => engineMs)))],
  ["– lane", ({ cranefly }) => lanes(cranefly.body)],
  ["– codegen units read", ({ cranefly: { body } }) => count(Math.max(...body.map(({ unitsRead }) => unitsRead)))],
  ["– with cargo", ofCargo((cargo) => seconds(cargo.bodyMs))],
  ["edit of a constant → runnable, s", ({ cranefly }) => seconds(cranefly.itemMs)],
  ["– lane", ({ cranefly }) => cranefly.item.lane],
  ["– with cargo", ofCargo((cargo) => seconds(cargo.itemMs))],
  ["daemon after the first build, MB", ({ cranefly }) => megabytes(cranefly.daemonBytes[0])],
  ["– at the end", ({ cranefly }) => megabytes(cranefly.daemonBytes[1])],
  ["– bytes a function", ({ cranefly, functions }) => count(Math.round(cranefly.daemonBytes[1] / functions))],
  ["– at most, MB", ({ cranefly }) => megabytes(cranefly.daemonBytes[2])],
  ["server at the end, MB", ({ cranefly }) => megabytes(cranefly.serverBytes)],
  ["image, MB", ({ cranefly }) => megabytes(cranefly.imageBytes)],
  ["target directory, MB", ({ cranefly }) => megabytes(cranefly.diskBytes)],
  ["– with cargo", ofCargo((cargo) => megabytes(cargo.diskBytes))],
];

export function sectionOf(machine: string, results: readonly Result[]): string {
  const sorted = [...results].sort((a, b) => a.shape.functions - b.shape.functions || a.shape.crates - b.shape.crates);
  return [
    machine,
    "",
    `| functions | ${sorted.map(({ functions }) => count(functions)).join(" | ")} |`,
    `| --- | ${sorted.map(() => "---:").join(" | ")} |`,
    ...ROWS.map(([name, cell]) => `| ${name} | ${sorted.map(cell).join(" | ")} |`),
    "",
  ].join("\n");
}
