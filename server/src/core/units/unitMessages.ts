/**
 * What rustc tells of a unit, counted and closed as cargo does it: "generated 2 warnings", "could not compile … due to".
 * The rules are those of cargo's job queue.
 */
import * as z from "zod";
import type { Diagnostic } from "../../../../shared/src/report.js";

/** A unit as cargo's messages name it. */
export const UnitName = z.object({
  package: z.string(),
  /** The target's kinds and name as cargo spells them. */
  kind: z.array(z.string()),
  name: z.string(),
  isTest: z.boolean(),
  /** The user can mend it: it is no published package. */
  isLocal: z.boolean(),
});
export type UnitName = z.infer<typeof UnitName>;

/** `bin "name"`, as in options of cargo's. */
function targetOf({ kind, name }: UnitName): string {
  if (kind.includes("custom-build")) return "build script";
  const named = kind.find((item) => ["bin", "test", "bench", "example"].includes(item));
  return named === undefined ? "lib" : `${named} "${name}"`;
}

/** It is compiled with the test harness, and would be without it for another purpose. */
function isHarness({ kind, isTest }: UnitName): boolean {
  return isTest && !kind.includes("test") && !kind.includes("bench");
}

export function describeUnit(unit: UnitName): string {
  return `\`${unit.package}\` (${targetOf(unit)}${isHarness(unit) ? " test" : ""})`;
}

const Suggestions = z.object({
  children: z.array(
    z.object({ spans: z.array(z.object({ suggestion_applicability: z.string().nullable().optional() })) }),
  ),
});

function isFixable(diagnostic: Diagnostic): boolean {
  const parsed = Suggestions.safeParse(diagnostic);
  const spans = parsed.success ? parsed.data.children.flatMap((child) => child.spans) : [];
  return spans.some((span) => span.suggestion_applicability === "MachineApplicable");
}

/** rustc's closing lines ("2 warnings emitted"), which cargo leaves out for its own. */
export function isRustcsSummary({ message }: Diagnostic): boolean {
  return /^aborting due to|warnings? emitted$/.test(message);
}

/** The counts of one unit's messages. */
export class MessageCounts {
  private warnings = 0;
  private duplicates = 0;
  private fixable = 0;
  private errors = 0;

  /** `isTold`: it was not told before, for another unit of the same sources. */
  add(diagnostic: Diagnostic, isTold: boolean): void {
    if (diagnostic.level === "error") this.errors++;
    if (diagnostic.level !== "warning") return;
    this.warnings++;
    if (!isTold) this.duplicates++;
    else if (isFixable(diagnostic)) this.fixable++;
  }

  /** The line about warnings, without "warning: "; undefined when there were none. */
  closing(unit: UnitName): string | undefined {
    if (this.warnings === 0) return undefined;
    const duplicates = this.duplicates === 0 ? "" : ` (${count(this.duplicates, "duplicate")})`;
    return `${describeUnit(unit)} generated ${count(this.warnings, "warning")}${duplicates}${this.fix(unit)}`;
  }

  /** The line about errors, without "error: ". */
  failure(unit: UnitName): string {
    const errors = this.errors === 0 ? "" : ` due to ${count(this.errors, "previous error")}`;
    const warnings = this.warnings === 0 ? "" : `; ${count(this.warnings, "warning")} emitted`;
    return `could not compile ${describeUnit(unit)}${errors}${warnings}`;
  }

  private fix(unit: UnitName): string {
    const canFix = unit.isLocal && this.errors === 0 && !unit.kind.includes("custom-build");
    if (this.fixable === 0 || !canFix) return "";
    const target = `--${targetOf(unit)} -p ${unit.package}${isHarness(unit) ? " --tests" : ""}`;
    return ` (run \`cargo fix ${target}\` to apply ${count(this.fixable, "suggestion")})`;
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

const Places = z.object({
  spans: z.array(z.object({ file_name: z.string(), text: z.array(z.object({ text: z.string() })) })),
});

/** What tells a diagnostic from others wherever it stands in its file: an edit above it moves it. */
export function identityOf(diagnostic: Diagnostic): string {
  const parsed = Places.safeParse(diagnostic);
  const places = parsed.success ? parsed.data.spans : [];
  const lines = places.map(({ file_name, text }) => [file_name, ...text.map((line) => line.text)]);
  return JSON.stringify([diagnostic.level, diagnostic.message, lines]);
}

/** Takes the messages of one unit. */
export interface UnitMessages {
  readonly add: (diagnostic: Diagnostic) => void;
  /** It compiled. */
  readonly finished: () => void;
  /** It did not. */
  readonly failed: () => void;
}
