/** What every building command shares: the terminal, the workspace, and what to do about each kind of failure. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { GenerationReport } from "../../../shared/src/report.js";
import { findEngine } from "../core/engine/location.js";
import { Cancelled, Unsupported, messageOf } from "../core/support/errors.js";
import { BuildFailed } from "../core/cargo/cargo.js";
import { divergenceOf } from "../core/keptCurrent.js";
import { readText } from "../core/support/files.js";
import type { Layout } from "../core/support/layout.js";
import type { Selection, SelectionState } from "../core/cargo/selection.js";
import { type Update, Workspace } from "../core/workspace.js";
import type { Caller } from "./caller.js";
import { fallBack, nativeScript } from "./fallback.js";
import { startFollower } from "./follow.js";
import { type SelectionOptions, jobsOf, toSelection } from "./options.js";
import { startResident } from "./residentSocket.js";
import { hasLauncher } from "./startScript.js";
import { Terminal } from "./terminal.js";

/** The directory of the bundles. */
export const BUNDLE_DIRECTORY = __dirname;

export class Session {
  readonly terminal: Terminal;
  readonly selection: Selection;
  readonly env: NodeJS.ProcessEnv;

  constructor(
    command: Selection["command"],
    readonly options: SelectionOptions,
    place: string | undefined,
    private readonly caller: Caller,
  ) {
    this.env = caller.env;
    const { quiet = false, verbose = 0 } = options;
    const color = options.color ?? this.env["CARGO_TERM_COLOR"] ?? "auto";
    this.terminal = new Terminal(
      color === "auto" ? caller.hasTerminal(2) : color === "always",
      quiet,
      verbose > 0,
      caller.write,
    );
    this.selection = toSelection(command, options, place, caller.cwd);
  }

  /**
   * `hasBodyLane`: the caller lets the crate lane follow. `isOneShot`: it does so by starting a process for it. Throws `Unsupported` when the
   * engine is missing.
   */
  openWorkspace(hasBodyLane = false, isOneShot = false): Workspace {
    return new Workspace(
      this.selection,
      {
        env: this.env,
        engine: findEngine(this.env, BUNDLE_DIRECTORY),
        shimBundle: path.join(BUNDLE_DIRECTORY, "shim.cjs"),
        color: this.terminal.color,
        quiet: this.terminal.quiet,
        jobs: jobsOf(this.options),
        ...(hasBodyLane ? { bodyLane: BUNDLE_DIRECTORY } : {}),
        isOneShot,
        isWithoutCargo: !this.caller.mayAskCargo,
        ...(this.caller.sources === undefined ? {} : { sources: this.caller.sources }),
      },
      this.terminal,
    );
  }

  /** The engine's executable, if there is one. */
  engine(): string | undefined {
    try {
      return findEngine(this.env, BUNDLE_DIRECTORY);
    } catch (error) {
      if (error instanceof Unsupported) return undefined;
      throw error;
    }
  }

  /**
   * Builds, then goes on with `then`; whatever Cranefly cannot do is done by cargo. `args`: for the program, in case
   * cargo has to start it.
   */
  async buildAnd(
    args: readonly string[],
    then: (state: SelectionState, layout: Layout) => Promise<void>,
  ): Promise<void> {
    let workspace: Workspace | undefined;
    let update: Update;
    try {
      workspace = this.openWorkspace(this.options.bodyLane !== false && this.selection.kind === "cargo", true);
      update = await workspace.update(performance.now(), this.caller.signal);
      await this.saveReport(workspace, update.report);
    } catch (error) {
      workspace?.close();
      // (Whatever it is, the process that has asked finds it as well, and says it.)
      if (error instanceof Cancelled || !this.caller.mayAskCargo) throw error;
      if (error instanceof BuildFailed) {
        // cargo would fail as well, and says it best.
        await this.caller.finishWith(nativeScript(this.terminal, this.selection, this.flags, args, this.env));
        return;
      }
      await this.caller.finishWith(this.native(messageOf(error), args));
      return;
    }
    workspace.close();
    const { state } = update;
    if (!update.report.ok || state === undefined || workspace.layout === undefined) {
      this.caller.endWith(update.exitCode);
      return;
    }
    this.terminal.finished(update.report, state.profile);
    this.letFollow(workspace.layout, update.isAhead);
    // Behind a first success: the next command is answered at once.
    if (this.caller.mayAskCargo && hasLauncher()) startResident(this.env);
    await then(state, workspace.layout);
  }

  /** Whatever goes wrong here matters to the next command alone. */
  private letFollow(layout: Layout, isAhead: boolean): void {
    try {
      this.tellDivergence(layout);
      if (isAhead) startFollower(BUNDLE_DIRECTORY, this.selection, layout, jobsOf(this.options), this.env);
    } catch (error) {
      if (this.terminal.verbose) this.terminal.warn(`the next edit may take longer: ${messageOf(error)}`);
    }
  }

  /** Says what the process that followed the command before has found. */
  private tellDivergence({ divergence }: Layout): void {
    const functions = readText(divergence);
    if (functions === undefined) return;
    fs.rmSync(divergence, { force: true });
    this.terminal.warn(divergenceOf(functions));
  }

  /** Writes the report to the file of `--report`. */
  async saveReport(workspace: Workspace, report: GenerationReport): Promise<void> {
    if (this.options.report === undefined) return;
    await workspace.writeReport(path.resolve(this.caller.cwd, this.options.report), report);
  }

  /** Says why cargo has to do it, and gives the script for that. */
  native(reason: string, args: readonly string[]): string {
    return fallBack(this.terminal, reason, this.selection, this.flags, args, this.env);
  }

  /** What the command does without being asked. cargo needs options for it when it runs instead. */
  private get flags(): readonly string[] {
    const { options, selection } = this;
    if (selection.command !== "test") return [];
    const isOff = (name: string): boolean => Reflect.get(options, name) === false;
    return [...(isOff("run") ? ["--no-run"] : []), ...(isOff("failFast") ? ["--no-fail-fast"] : [])];
  }
}
