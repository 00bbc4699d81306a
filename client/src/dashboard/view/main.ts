/** The dashboard's page. Draws everything anew whenever data arrives; it is little. */
import type { DashboardFamily, DashboardFunction, DashboardResult } from "../../../../shared/src/lsp.js";
import type { FromPage, ToPage } from "../pageMessages.js";
import { type Drawn, historyBars, stageBar } from "./charts.js";
import { button, element, section, table } from "./dom.js";
import {
  type FamilyOrder,
  type Stage,
  count,
  engineStages,
  formatBytes,
  formatMs,
  formatUs,
  hitRate,
  lastGeneration,
  sentence,
  sortFamilies,
  stages,
  timeline,
  totalUs,
} from "./chartData.js";

const MAX_HISTORY = 40;

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void };
const editor = acquireVsCodeApi();

const root = document.getElementById("dashboard") ?? document.body;
let drawn: Drawn[] = [];
let data: DashboardResult | undefined;
let order: FamilyOrder = "instances";

function draw(): void {
  if (data === undefined) return;
  const focus = document.activeElement?.textContent;
  for (const chart of drawn) chart.destroy();
  drawn = [];
  root.replaceChildren(
    header(data),
    lastSave(data),
    history(data),
    functions(data),
    families(data),
    engine(data),
    lanes(data),
  );
  root.setAttribute("aria-busy", "false");
  // Whoever sorted by keyboard stays where they were.
  const again = [...root.querySelectorAll("button")].find((node) => focus !== "" && node.textContent === focus);
  again?.focus();
}

function header({ name, state }: DashboardResult): HTMLElement {
  return element(
    "header",
    {},
    element("h1", {}, name),
    element("p", { role: "status", class: `state ${state.kind}` }, stateText(state)),
    element(
      "p",
      { class: "actions" },
      button("Rebuild", () => editor.postMessage({ type: "rebuild" })),
      button("Export as JSON", () => editor.postMessage({ type: "export" })),
    ),
  );
}

function stateText(state: DashboardResult["state"]): string {
  switch (state.kind) {
    case "idle":
      return "Nothing was built yet.";
    case "rebuilding":
      return `Rebuilding: ${state.stage}`;
    case "current":
      return "Current: what runs is what was saved.";
    case "stale":
      return `Stale: ${count(state.errors, "error")}. What runs is the last version that compiled.`;
    case "fallback":
      return `Cargo runs your programs: ${state.reason}`;
    case "down":
      return `The engine is not running: ${state.reason}`;
  }
}

function lastSave(of: DashboardResult): HTMLElement {
  const last = lastGeneration(of);
  if (last === undefined) return section("Last save", element("p", { class: "quiet" }, "Nothing was built yet."));
  const whole = stages(last.ms);
  const own = engineStages(last.ms);
  return section(
    "Last save",
    element("p", { id: "last-save-sentence" }, sentence(last)),
    chart(stageBar(`Where ${formatMs(last.ms.total)} went: ${spoken(whole)}`, whole)),
    numbers("The stages in numbers", whole),
    element("h3", {}, "Within the engine"),
    chart(stageBar(`Within the engine: ${spoken(own)}`, own)),
    numbers("The engine's stages in numbers, summed over its threads", own),
  );
}

function history(of: DashboardResult): HTMLElement {
  const generations = timeline(of.history, MAX_HISTORY);
  if (generations.length === 0) return section("History", element("p", { class: "quiet" }, "Nothing yet."));
  const times = generations.map(({ ms }) => ms.total);
  const label = `Save to runnable of the last ${count(times.length, "build")}, from ${formatMs(Math.min(...times))} to ${formatMs(Math.max(...times))}`;
  return section(
    "History",
    chart(historyBars(label, generations)),
    details(
      "The history in numbers",
      table(
        "Builds, the newest first",
        [
          { title: "Build", cell: ({ id }) => `${id}`, isNumber: true },
          { title: "Lane", cell: ({ lane, selection }) => (selection === "test" ? `${lane}, tests` : lane) },
          { title: "Because", cell: ({ reason }) => reason },
          { title: "Time", cell: ({ ms }) => formatMs(ms.total), isNumber: true },
          { title: "Changed", cell: ({ functions: { changed } }) => `${changed}`, isNumber: true },
          { title: "Compiled", cell: ({ functions: { compiled } }) => `${compiled}`, isNumber: true },
          { title: "Result", cell: ({ ok, errors }) => (ok ? "ok" : count(errors, "error")) },
        ],
        of.history.slice(0, MAX_HISTORY),
      ),
    ),
  );
}

function functions(of: DashboardResult): HTMLElement {
  return section(
    "Slowest functions",
    table<DashboardFunction>(
      "By the time that compiling them took",
      [
        { title: "Function", cell: (item) => link(item.name, item.file, item.line) },
        { title: "Time", cell: (item) => formatUs(totalUs(item)), isNumber: true },
        { title: "Compiling", cell: (item) => formatUs(item.us.compile), isNumber: true },
        { title: "Code", cell: (item) => formatBytes(item.bytes), isNumber: true },
        { title: "Tier", cell: (item) => item.tier },
      ],
      of.slowest,
    ),
  );
}

function families(of: DashboardResult): HTMLElement {
  const by = (title: string, key: FamilyOrder, cell: (item: DashboardFamily) => string) => ({
    title,
    cell,
    isNumber: true,
    isSorted: order === key,
    onSort: () => {
      order = key;
      draw();
    },
  });
  return section(
    "Largest generic families",
    table<DashboardFamily>(
      "Functions that were compiled for several types",
      [
        { title: "Function", cell: (item) => link(item.name, item.file, item.line) },
        by("Instances", "instances", (item) => item.instances.toLocaleString("en")),
        by("Code", "bytes", (item) => formatBytes(item.bytes)),
        by("Time", "us", (item) => formatUs(item.us)),
      ],
      sortFamilies(of.families, order),
    ),
  );
}

function engine(of: DashboardResult): HTMLElement {
  const { tiers, fallbacks } = of;
  const tier = table(
    "Functions by tier",
    [
      { title: "Tier", cell: ([name]) => name },
      { title: "Functions", cell: ([, number]) => number.toLocaleString("en"), isNumber: true },
    ],
    [
      ["Cranelift", tiers.cranelift],
      ["LLVM", tiers.llvm],
      ["Compiled when first called", tiers.none],
    ] as const,
  );
  const why =
    fallbacks.length === 0
      ? undefined
      : table(
          "Why functions went to LLVM",
          [
            { title: "Construct", cell: ({ construct }) => construct },
            { title: "Functions", cell: (item) => `${item.functions}`, isNumber: true },
          ],
          fallbacks,
        );
  return section("Engine", facts(of), tier, why);
}

function facts({ engine: status }: DashboardResult): HTMLElement {
  if (status === undefined) return element("p", { class: "quiet" }, "The engine is not running.");
  const rate = hitRate(status);
  const of = (bytes: number, limit: number | undefined): string =>
    limit === undefined ? formatBytes(bytes) : `${formatBytes(bytes)} of at most ${formatBytes(limit)}`;
  const rows: readonly (readonly [string, string])[] = [
    ["Cache", `${count(status.cacheFunctions, "function")}, ${of(status.cacheBytes, status.cacheLimitBytes)}`],
    ["Hit rate", rate === undefined ? "nothing was looked up yet" : `${rate.toFixed(1)} %`],
    ["Images in memory", of(status.imageBytes, status.imageLimitBytes)],
    ["Memory of the engine", formatBytes(status.rssBytes)],
    ["Running for", formatMs(status.uptimeMs)],
    ["Process", `${status.pid}, version ${status.version}`],
  ];
  return element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

function lanes({ bodyLane }: DashboardResult): HTMLElement {
  if (bodyLane === undefined) return element("div");
  const share = `${(100 * bodyLane.share).toFixed(0)} % of the saves took the body lane.`;
  const wrong =
    bodyLane.divergences === 0
      ? "The crate lane has confirmed every one that it has followed."
      : `${count(bodyLane.divergences, "function")} differed from the crate lane's: please report this.`;
  return section(
    "Body lane",
    element("p", {}, share, " ", wrong),
    table(
      "Saves that could not take it",
      [
        { title: "Because", cell: ({ reason }) => reason },
        { title: "Saves", cell: (item) => `${item.count}`, isNumber: true },
      ],
      bodyLane.refusals,
    ),
  );
}

function chart(of: Drawn): HTMLElement {
  drawn.push(of);
  return of.node;
}

function numbers(title: string, parts: readonly Stage[]): HTMLElement {
  return details(
    title,
    table(
      title,
      [
        { title: "Stage", cell: ({ name }) => name },
        { title: "Time", cell: ({ ms }) => formatMs(ms), isNumber: true },
      ],
      parts,
    ),
  );
}

function details(title: string, content: HTMLElement): HTMLElement {
  return element("details", {}, element("summary", {}, title), content);
}

function link(name: string, file: string | null, line: number): HTMLElement | string {
  if (file === null) return name;
  const node = button(name, () => editor.postMessage({ type: "open", file, line }));
  node.className = "link";
  node.title = `${file}:${line}`;
  return node;
}

function spoken(parts: readonly Stage[]): string {
  return parts
    .filter(({ ms }) => ms > 0.05)
    .map(({ name, ms }) => `${name} ${formatMs(ms)}`)
    .join(", ");
}

window.addEventListener("message", ({ data: message }: MessageEvent<ToPage>) => {
  if (message.type === "data") {
    data = message.data;
    draw();
  } else {
    data = undefined;
    root.replaceChildren(element("p", {}, message.message));
  }
});
// Charts are drawn in the theme's colours, so they follow it.
new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ["class"] });
editor.postMessage({ type: "ready" });
