/** The charts, in the theme's colours. Every chart has a table with the same numbers for those who do not see it. */
import { BarController, BarElement, CategoryScale, Chart, Legend, LinearScale, Tooltip } from "chart.js";
import type { GenerationSummary } from "../../../../shared/src/lsp.js";
import { element } from "./dom.js";
import { type Stage, type ThemeColor, formatMs, stages } from "./chartData.js";

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Legend, Tooltip);

/** A chart on the page; it must be destroyed when the page is drawn again. */
export interface Drawn {
  readonly node: HTMLElement;
  destroy(): void;
}

/** One bar of stages, one after the other. */
export function stageBar(label: string, parts: readonly Stage[]): Drawn {
  return stacked(
    label,
    [""],
    parts.map(({ name, color, ms }) => ({ name, color, values: [ms] })),
    { isHorizontal: true },
  );
}

/** A bar for each generation. */
export function historyBars(label: string, generations: readonly GenerationSummary[]): Drawn {
  const all = generations.map((generation) => stages(generation.ms));
  const series = (all[0] ?? []).map(({ name, color }, at) => ({
    name,
    color,
    values: all.map((parts) => parts[at]?.ms ?? 0),
  }));
  const titles = generations.map(({ id, lane, functions }) => [`${id}`, lane, `${functions.compiled} fn`]);
  return stacked(label, titles, series, { isHorizontal: false });
}

interface Series {
  readonly name: string;
  readonly color: ThemeColor;
  readonly values: readonly number[];
}

function stacked(
  label: string,
  titles: readonly (string | readonly string[])[],
  series: readonly Series[],
  { isHorizontal }: { readonly isHorizontal: boolean },
): Drawn {
  const canvas = element("canvas", { role: "img", "aria-label": label });
  const node = element("div", { class: isHorizontal ? "chart bar" : "chart history" }, canvas);
  const foreground = color("foreground");
  const valueAxis = {
    stacked: true,
    ticks: { color: foreground, callback: (value: string | number) => formatMs(Number(value)) },
    grid: { color: themed("--vscode-panel-border", "#8884") },
  };
  const titleAxis = { stacked: true, ticks: { color: foreground }, grid: { display: false } };
  const chart = new Chart(canvas, {
    type: "bar",
    data: {
      labels: titles.map((title) => (typeof title === "string" ? title : [...title])),
      datasets: series
        .filter(({ values }) => values.some((value) => value > 0.05))
        .map(({ name, color: of, values }) => ({ label: name, data: [...values], backgroundColor: color(of) })),
    },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      indexAxis: isHorizontal ? "y" : "x",
      scales: isHorizontal ? { x: valueAxis, y: titleAxis } : { x: titleAxis, y: valueAxis },
      plugins: {
        legend: { position: "bottom", labels: { color: foreground, boxWidth: 12 } },
        tooltip: {
          callbacks: { label: (item) => `${item.dataset.label ?? ""}: ${formatMs(Number(item.raw))}` },
        },
      },
    },
  });
  return { node, destroy: () => chart.destroy() };
}

function color(name: ThemeColor): string {
  return themed(name === "foreground" ? "--vscode-foreground" : `--vscode-charts-${name}`, "#888");
}

function themed(variable: string, otherwise: string): string {
  const value = getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
  return value === "" ? otherwise : value;
}
