/** The status bar's words for what a project and the server are doing. Pure: takes the time, gives text. */
import type { GenerationSummary, ProjectState, ProjectStatus } from "../../shared/src/lsp.js";
import type { ServerState } from "./server.js";

/** What the status bar item shows. */
export interface StatusView {
  /** With `$(icon)`s. */
  readonly text: string;
  /** For screen readers: a sentence without icons. */
  readonly label: string;
  readonly severity: "normal" | "warning" | "error";
  /** The text holds a running time: show it anew every second. */
  readonly ticks: boolean;
}

/** From when on a rebuild is long enough for its seconds to be shown. */
const longMs = 2000;

/** What to show for `project`, or for the server while there is no project. `now` is `Date.now()`. */
export function statusView(server: ServerState, project: ProjectStatus | undefined, now: number): StatusView {
  if (server.kind !== "running") {
    return serverView(server);
  }
  if (project === undefined) {
    return view("$(circle-outline) Cranefly", "Cranefly: no cargo project is open");
  }
  return projectView(project, now);
}

function serverView(server: Exclude<ServerState, { kind: "running" }>): StatusView {
  switch (server.kind) {
    case "starting":
      return view("$(loading~spin) Cranefly", "Cranefly is starting");
    case "waiting":
      return view(
        "$(loading~spin) Cranefly: restarting",
        "Cranefly's language server ended and is restarted",
        "warning",
      );
    case "stopped":
      return view("$(debug-stop) Cranefly: stopped", "Cranefly is stopped");
    case "failed":
      return view("$(error) Cranefly: not running", `Cranefly is not running: ${server.reason}`, "error");
  }
}

function projectView(project: ProjectStatus, now: number): StatusView {
  const { name, state } = project;
  switch (state.kind) {
    case "idle":
      return view(`$(circle-outline) ${name}`, `Cranefly: ${name} was not built yet`);
    case "rebuilding":
      return rebuildingView(name, state, now);
    case "current":
      // The programs, not the tests that were built for the Test Explorer.
      return currentView(
        name,
        project.history.find(({ selection }) => selection === "build"),
      );
    case "stale": {
      const errors = counted(state.errors, "error");
      const what = state.hasGeneration ? "stale" : "nothing to run";
      return view(`$(warning) ${name}: ${what}, ${errors}`, `Cranefly: ${name} is ${what}, ${errors}`, "warning");
    }
    case "fallback":
      return view(`$(arrow-right) ${name}: cargo`, `Cranefly: ${name} is run by cargo: ${state.reason}`);
    case "down":
      return state.why === "stopped"
        ? view(`$(debug-stop) ${name}: engine stopped`, `Cranefly: the engine was stopped`)
        : view(`$(error) ${name}: engine down`, `Cranefly: the engine is down: ${state.reason}`, "error");
  }
}

function rebuildingView(name: string, state: Extract<ProjectState, { kind: "rebuilding" }>, now: number): StatusView {
  const elapsed = now - state.since;
  const lane = state.lane === undefined ? "" : `${state.lane} lane, `;
  const seconds = elapsed >= longMs ? ` ${Math.floor(elapsed / 1000)} s` : "";
  return {
    ...view(
      `$(sync~spin) ${name}: ${lane}${state.stage}${seconds}`,
      `Cranefly: ${name} is rebuilt, ${lane}${state.stage}`,
    ),
    ticks: true,
  };
}

function currentView(name: string, last: GenerationSummary | undefined): StatusView {
  if (last === undefined) {
    return view(`$(check) ${name}`, `Cranefly: ${name} is current`);
  }
  const { changed, compiled } = last.functions;
  const time = duration(last.ms.total);
  return view(
    `$(check) ${name}: ${time}, ${compiled}/${changed} fn`,
    `Cranefly: ${name} is current, rebuilt in ${time}, ${compiled} of ${counted(changed, "changed function")} compiled`,
  );
}

/** Milliseconds as a user reads them: "38 ms", "1.24 s", "2 min 5 s". */
export function duration(ms: number): string {
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }
  if (ms < 60_000) {
    return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  }
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** "1 error", "2 errors". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function view(text: string, label: string, severity: StatusView["severity"] = "normal"): StatusView {
  return { text, label, severity, ticks: false };
}
