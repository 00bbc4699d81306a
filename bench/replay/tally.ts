/** What became of the replayed edits. */
import type { BodyLaneStatistics, GenerationReport, Lane } from "../../shared/src/report.js";
import type { EditKind } from "./edits.js";

/** What is told of a save. */
export interface Told {
  readonly kind: EditKind | "commit";
  /** The edited function, or the commit. */
  readonly where: string;
}

interface Row {
  readonly kind: Told["kind"];
  readonly lane: Lane;
  readonly ms: number;
  readonly refused: string | undefined;
}

export class Tally {
  private readonly rows: Row[] = [];
  private readonly failures = new Map<Told["kind"], number>();
  private readonly divergences: string[] = [];
  private readonly differences: string[] = [];
  private comparedPrograms = 0;
  private equalFunctions = 0;
  private unmatchedFunctions = 0;
  private verifications = 0;

  /** An edit became a generation. */
  took({ kind }: Told, { lane, ms, refused }: GenerationReport): void {
    this.rows.push({ kind, lane, ms: ms.total, refused });
  }

  /** An edit was no valid program. */
  failed({ kind }: Told): void {
    this.failures.set(kind, (this.failures.get(kind) ?? 0) + 1);
  }

  /** The crate lane has followed. */
  followed(
    edits: readonly Told[],
    { diverged, equal, unmatched }: { diverged: string[]; equal: number; unmatched: number },
  ): void {
    this.verifications++;
    this.equalFunctions += equal;
    this.unmatchedFunctions += unmatched;
    const where = [...new Set(edits.map(({ kind, where }) => `${kind} in ${where}`))].join(", ");
    for (const name of diverged) this.divergences.push(`${name} (${where})`);
  }

  /** A program was compared with a native build. */
  compared(program: string, isSame: boolean): void {
    this.comparedPrograms++;
    if (!isSame) this.differences.push(program);
  }

  get isGood(): boolean {
    return this.divergences.length === 0 && this.differences.length === 0;
  }

  /** How many of the saves took the body lane. */
  get bodyShare(): number {
    return this.rows.filter(({ lane }) => lane === "body").length / Math.max(1, this.rows.length);
  }

  toJson(): object {
    const { rows, divergences, differences, equalFunctions, verifications, comparedPrograms } = this;
    return { rows, divergences, differences, equalFunctions, verifications, comparedPrograms };
  }

  markdown(statistics: BodyLaneStatistics | undefined): string {
    const kinds = [...new Set(this.rows.map(({ kind }) => kind))].sort();
    const lines = kinds.map((kind) => {
      const of = this.rows.filter((row) => row.kind === kind);
      const body = of.filter(({ lane }) => lane === "body");
      const others = of.filter(({ lane }) => lane !== "body");
      const cells = [of.length, body.length, time(body), time(others), this.failures.get(kind) ?? 0];
      return `| ${kind} | ${cells.join(" | ")} |`;
    });
    const body = this.rows.filter(({ lane }) => lane === "body");
    const crate = this.rows.filter(({ lane }) => lane === "crate");
    const row = ({ reason, count }: { reason: string; count: number }): string => `| ${reason} | ${count} |`;
    const refusals = (statistics?.refusals ?? []).map(row);
    const overlaid = (statistics?.overlaid ?? []).map(row);
    return [
      `${this.rows.length} saves, ${body.length} through the body lane (median ${time(body)} ms; crate lane ${time(crate)} ms), ${statistics?.patched ?? 0} as patch crates.`,
      `${this.verifications} times the crate lane followed: ${this.equalFunctions} functions equal, ${this.divergences.length} diverged, ${this.unmatchedFunctions} made by the body lane only.`,
      `${this.comparedPrograms} programs compared with native builds: ${this.differences.length} differ.`,
      "",
      "| Edit | Saves | Body lane | Body lane, ms | Other lanes, ms | Not valid Rust |",
      "| --- | ---: | ---: | ---: | ---: | ---: |",
      ...lines,
      "",
      "| Left to the crate lane because | Saves |",
      "| --- | ---: |",
      ...refusals,
      "",
      "| Through an overlay because | Saves |",
      "| --- | ---: |",
      ...overlaid,
      ...this.divergences.map((name) => `\nDIVERGED: ${name}`),
      ...this.differences.map((name) => `\nDIFFERS FROM NATIVE: ${name}`),
      "",
    ].join("\n");
  }
}

/** The median in whole milliseconds. */
function time(rows: readonly Row[]): string {
  const times = rows.map(({ ms }) => ms).sort((a, b) => a - b);
  const middle = times[Math.floor(times.length / 2)];
  return middle === undefined ? "–" : String(Math.round(middle));
}
