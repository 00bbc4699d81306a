/** Why a function was compiled at the last save, or was not: as text for people. */
import type { GenerationSummary } from "../../../../../shared/src/lsp.js";
import { bytes, code, count, micros, millis, number, plain, tierName } from "../format.js";
import { type FunctionFacts, costOf } from "./facts.js";
import { hoverText } from "./functionHover.js";

/** Codegen units that are named. */
const MAX_UNITS = 4;

/** What there is to say, besides the function's own facts. */
export interface BuildContext {
  /** The last good build. */
  readonly summary: GenerationSummary | undefined;
  /** Why that is not what is saved now. */
  readonly stale: string | undefined;
}

/** Markdown: what happened at the last build and why, by whom it was compiled, what it cost. */
export function explainText(name: string, facts: FunctionFacts, { summary, stale }: BuildContext): string {
  const sections = [
    `# ${code(name)}`,
    ...(summary === undefined ? [] : [lastBuild(summary)]),
    whatHappened(facts),
    whichTier(facts),
    whichUnit(facts),
    hoverText(name, facts, stale).split("\n").slice(2).join("\n"),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

/** The explanation of a function without any compiled instance. */
export function explainNothing(name: string, why: string): string {
  return `# ${code(name)}\n\n${why}`;
}

function lastBuild(summary: GenerationSummary): string {
  const { changed, hit, compiled } = summary.functions;
  const lane = {
    cargo: "cargo ran",
    crate: "its crate was compiled to bitcode",
    body: "only changed bodies were compiled",
  };
  return (
    `**Last build** (generation ${summary.generation}, ${millis(summary.ms.total)}): ${lane[summary.lane]} because ` +
    `${plain(summary.reason)}. ${count(changed, "function")} changed: ${number(compiled)} compiled, ${number(hit)} from the cache.`
  );
}

function whatHappened(facts: FunctionFacts): string {
  const { statuses, entries } = facts;
  const lines: string[] = [];
  if (statuses.compiled > 0) {
    const us = entries.filter((entry) => entry.status === "compiled").reduce((sum, entry) => sum + costOf(entry), 0);
    lines.push(
      `- **Compiled** (${count(statuses.compiled, "function")}, ${micros(us)}): no code for this content was in the cache.`,
    );
  }
  if (statuses.hit > 0) {
    lines.push(
      `- **Taken from the cache** (${count(statuses.hit, "function")}): code for exactly this content was compiled before, ` +
        "maybe for another program. Positions in the source do not count.",
    );
  }
  if (statuses.untouched > 0) {
    lines.push(
      `- **Not touched** (${count(statuses.untouched, "function")}): rustc gave the same codegen unit as before.`,
    );
  }
  if (statuses.deferred > 0) {
    lines.push(
      `- **Left for later** (${count(statuses.deferred, "function")}): compiled when first called, or when a core is idle.`,
    );
  }
  return lines.join("\n");
}

function whichTier(facts: FunctionFacts): string {
  const lines: string[] = [];
  if (facts.tiers.cranelift > 0)
    lines.push(`- ${tierName("cranelift")} made the code of ${count(facts.tiers.cranelift, "function")}.`);
  const byLlvm = facts.entries.filter((entry) => entry.tier === "llvm");
  if (byLlvm.length > 0) {
    const constructs = [...new Set(byLlvm.flatMap((entry) => entry.construct ?? []))];
    const because = constructs.length === 0 ? "something in it has no Cranelift form" : constructs.map(code).join(", ");
    lines.push(`- ${tierName("llvm")} made the code of ${count(byLlvm.length, "function")}: ${because}.`);
  }
  if (facts.tiers.none > 0) lines.push(`- ${count(facts.tiers.none, "function")} without code so far.`);
  return lines.join("\n");
}

function whichUnit({ entries, instances, inner, bytes: size }: FunctionFacts): string {
  const units = [...new Set(entries.map((entry) => entry.unit))];
  const shown = units.slice(0, MAX_UNITS).map(code).join(", ");
  const more = units.length > MAX_UNITS ? ` and ${count(units.length - MAX_UNITS, "more", "more")}` : "";
  const closures = inner > 0 ? ` and ${count(inner, "closure")}` : "";
  return `${count(instances, "instance")}${closures}, ${bytes(size)} of code, in ${count(units.length, "codegen unit")}: ${shown}${more}.`;
}
