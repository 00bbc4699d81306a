/** What compiling a function took, by instance and stage, as Markdown. */
import { bytes, code, count, micros, plain, shorten, statusName, tierName } from "../format.js";
import { type FunctionFacts, STAGES, costOf } from "./facts.js";
import { brief, nameOf } from "./names.js";
import { STAGE_NAMES } from "./stageNames.js";

/** Instances in the table; what they took counts more than that they are all there. */
const MAX_ROWS = 8;
/** Characters of an instance's name. */
const MAX_NAME = 60;

/** The full breakdown. `stale`: why this is not what is saved now. */
export function hoverText(name: string, facts: FunctionFacts, stale: string | undefined): string {
  const lines = [`**Cranefly** · ${code(name)} · ${totals(facts)}`, "", ...table(facts)];
  const more = facts.entries.length - MAX_ROWS;
  if (more > 0) {
    const rest = facts.entries.slice(MAX_ROWS).reduce((sum, entry) => sum + costOf(entry), 0);
    lines.push("", `and ${count(more, "more", "more")}, ${micros(rest)} in all`);
  }
  if (stale !== undefined) lines.push("", `_Of the last good build: ${plain(stale)}._`);
  return lines.join("\n");
}

function totals(facts: FunctionFacts): string {
  const parts = [micros(facts.us), bytes(facts.bytes), count(facts.instances, "instance")];
  if (facts.inner > 0) parts.push(count(facts.inner, "closure"));
  if (facts.tiers.llvm > 0) parts.push(`${count(facts.tiers.llvm, "function")} by LLVM`);
  if (facts.tiers.none > 0) parts.push(`${count(facts.tiers.none, "function")} not compiled yet`);
  return parts.join(" · ");
}

function table(facts: FunctionFacts): string[] {
  const stages = STAGES.map((stage) => STAGE_NAMES[stage]);
  return [
    `| Compiled as | ${stages.join(" | ")} | Code | By | Last build |`,
    `|:---|${stages.map(() => "---:").join("|")}|---:|:---|:---|`,
    ...facts.entries.slice(0, MAX_ROWS).map((entry) => {
      const times = STAGES.map((stage) => micros(entry.us[stage]));
      const name = code(shorten(brief(nameOf(entry)), MAX_NAME));
      return `| ${name} | ${times.join(" | ")} | ${bytes(entry.bytes)} | ${tierName(entry.tier)} | ${statusName(entry.status)} |`;
    }),
  ];
}
