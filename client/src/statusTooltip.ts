/** The status bar's tooltip: what the project does, its last generations, and what can be done. Markdown; pure. */
import type { GenerationSummary, ProjectState, ProjectStatus } from "../../shared/src/lsp.js";
import type { ServerState } from "./server.js";
import { counted, duration } from "./statusText.js";

/** A command that the tooltip links to. */
export interface TooltipAction {
  readonly command: string;
  readonly title: string;
  readonly icon: string;
}

/** What can be done in a state; the commands are those of package.json. */
export function actionsFor(server: ServerState, project: ProjectStatus | undefined): readonly TooltipAction[] {
  if (server.kind !== "running") {
    return [restart, logs];
  }
  const state = project?.state.kind;
  return [
    ...(state === "rebuilding" ? [cancel] : [rebuild]),
    runLast,
    dashboard,
    ...(state === "fallback" || state === "down" ? [checks] : []),
    logs,
    restart,
    ...(state === "down" ? [] : [stop]),
  ];
}

/** The commands that `tooltip` may link to, for `MarkdownString.isTrusted`. */
export const tooltipCommands = (): readonly string[] =>
  [cancel, rebuild, runLast, dashboard, checks, logs, restart, stop].map(({ command }) => command);

/** The tooltip's text. `now` is `Date.now()`. */
export function tooltip(server: ServerState, project: ProjectStatus | undefined, now: number): string {
  const parts = [
    `**Cranefly**${project === undefined ? "" : `: ${escape(project.name)}`}`,
    server.kind === "running" ? projectSentence(project?.state) : serverSentence(server),
  ];
  if (project !== undefined && project.history.length > 0) {
    parts.push(historyTable(project.history, now));
  }
  parts.push(actionsFor(server, project).map(link).join(" &nbsp; "));
  return parts.join("\n\n");
}

function serverSentence(server: Exclude<ServerState, { kind: "running" }>): string {
  switch (server.kind) {
    case "starting":
      return "The language server is starting.";
    case "waiting":
      return "The language server ended unexpectedly and is started again.";
    case "stopped":
      return "The language server is stopped.";
    case "failed":
      return `Not running: ${escape(server.reason)}.`;
  }
}

function downSentence({ why, reason }: Extract<ProjectState, { kind: "down" }>): string {
  switch (why) {
    case "stopped":
      return "The engine was stopped.";
    case "failing":
      return `The engine is down, and is started again soon: ${escape(reason)}.`;
    case "givenUp":
      return `The engine is down, and is not started again by itself: ${escape(reason)}.`;
  }
}

function projectSentence(state: ProjectState | undefined): string {
  switch (state?.kind) {
    case undefined:
      return "No cargo project is open.";
    case "idle":
      return "Nothing was built yet.";
    case "rebuilding":
      return `Rebuilding, ${escape(state.stage)}: ${escape(state.reason)}.`;
    case "current":
      return "What is saved is what runs.";
    case "stale":
      return state.hasGeneration
        ? `The sources do not compile (${counted(state.errors, "error")}). The last good generation can still be run.`
        : `The sources do not compile (${counted(state.errors, "error")}), and there is nothing to run yet.`;
    case "fallback":
      return `Programs are run by cargo: ${escape(state.reason)}.`;
    case "down":
      return downSentence(state);
  }
}

function historyTable(history: readonly GenerationSummary[], now: number): string {
  const rows = history.slice(0, 5).map((summary) => {
    const { changed, compiled, llvm } = summary.functions;
    const functions = `${compiled} of ${changed}${llvm > 0 ? `, ${llvm} by LLVM` : ""}`;
    return [
      `#${summary.id}`,
      ago(now - summary.at),
      summary.selection === "test" ? `${summary.lane}, tests` : summary.lane,
      outcome(summary),
      duration(summary.ms.total),
      functions,
    ]
      .map(escape)
      .join(" | ");
  });
  return [
    "| | When | Lane | Result | Time | Compiled of changed |",
    "|---:|---|---|---|---:|---:|",
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}

function outcome(summary: GenerationSummary): string {
  if (!summary.ok) {
    return counted(summary.errors, "error");
  }
  return summary.warnings > 0 ? `ok, ${counted(summary.warnings, "warning")}` : "ok";
}

/** "now", "12 s ago", "5 min ago", "3 h ago". */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 5) {
    return "now";
  }
  if (seconds < 60) {
    return `${seconds} s ago`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

/** Text that stays text in Markdown, in a table's cell too. */
export function escape(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]()#+\-.!|<>~$&]/g, "\\$&");
}

function link({ command, title, icon }: TooltipAction): string {
  return `[$(${icon}) ${title}](command:${command})`;
}

const cancel: TooltipAction = { command: "cranefly.cancel", title: "Cancel", icon: "stop-circle" };
const rebuild: TooltipAction = { command: "cranefly.rebuild", title: "Rebuild", icon: "sync" };
const runLast: TooltipAction = { command: "cranefly.runLast", title: "Run Last", icon: "play" };
const dashboard: TooltipAction = { command: "cranefly.openDashboard", title: "Dashboard", icon: "graph" };
const checks: TooltipAction = { command: "cranefly.runChecks", title: "Check Set-up", icon: "checklist" };
const logs: TooltipAction = { command: "cranefly.showLogs", title: "Logs", icon: "output" };
const restart: TooltipAction = { command: "cranefly.restartEngine", title: "Restart", icon: "debug-restart" };
const stop: TooltipAction = { command: "cranefly.stopEngine", title: "Stop", icon: "debug-stop" };
