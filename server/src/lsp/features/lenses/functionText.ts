/** The one line that a lens or a hint shows of a function. */
import type { ServerSettings } from "../../../../../shared/src/lsp.js";
import { bandOf, bytes, count, icon, mark, micros, tierName } from "../format.js";
import type { FunctionFacts } from "../functions/facts.js";

type LensSettings = ServerSettings["lens"];

/** Whether a function is worth a line: in quiet mode only what is slow, changed, or LLVM's. */
export function isShown(facts: FunctionFacts, settings: LensSettings): boolean {
  if (settings.show === "all") return true;
  return facts.us >= settings.thresholdMicroseconds || facts.changed || facts.tiers.llvm > 0;
}

/** `214 µs · 1.2 KB · 3 instances · Cranelift · compiled`. */
export function summaryOf(facts: FunctionFacts): string {
  const parts = isCompiled(facts) ? [micros(facts.us), bytes(facts.bytes)] : [];
  if (facts.instances > 1) parts.push(count(facts.instances, "instance"));
  parts.push(tiersOf(facts), statusOf(facts));
  return parts.filter((part) => part !== "").join(" · ");
}

/** With the band as an icon, for lenses. */
export function lensTitle(facts: FunctionFacts, settings: LensSettings): string {
  return `${icon(bandOf(facts.us, settings))} ${summaryOf(facts)}`;
}

/** With the band as a mark, for hints, which show no icons. */
export function hintText(facts: FunctionFacts, settings: LensSettings): string {
  return `${mark(bandOf(facts.us, settings))} ${summaryOf(facts)}`;
}

function isCompiled(facts: FunctionFacts): boolean {
  return facts.tiers.cranelift + facts.tiers.llvm > 0;
}

function tiersOf({ tiers }: FunctionFacts): string {
  if (tiers.llvm > 0 && tiers.cranelift > 0) return `${tiers.llvm} of ${tiers.llvm + tiers.cranelift} by LLVM`;
  if (tiers.llvm > 0) return tierName("llvm");
  return tiers.cranelift > 0 ? tierName("cranelift") : "";
}

/** What the last generation did, in a word: what it did most for. */
function statusOf({ statuses, tiers }: FunctionFacts): string {
  if (statuses.compiled > 0) return "compiled";
  if (statuses.hit > 0) return "cached";
  if (tiers.none > 0 && tiers.cranelift + tiers.llvm === 0) return "compiled when first called";
  return "unchanged";
}
