/**
 * The front end: brings the units of a selection up to date, by the fastest lane that can, and cargo where none can. Gives what is to be
 * published; the body lane alone has published by then.
 */
import * as path from "node:path";
import type { Diagnostic, GenerationReport, ProgramReport } from "../../../shared/src/report.js";
import { type ScriptState, type Settled, changedSinceScript, settleScripts } from "./cargo/buildScripts.js";
import { BuildFailed } from "./cargo/cargo.js";
import { isHere } from "./cargo/elsewhere.js";
import { changedCargoInput } from "./cargo/inputs.js";
import type { SelectionState } from "./cargo/selection.js";
import type { TargetDirectory } from "./cargo/targetDirectory.js";
import { Refusal } from "./edits/refusal.js";
import type { Engine } from "./engine/client.js";
import type { Generation, Listener } from "./generation.js";
import { type CompiledUnit, type CrateLaneResult, crateLane, inCargosOrder } from "./lanes/crateLane.js";
import type { AttemptOptions, BodyOutcome, FunctionEdits } from "./lanes/functionEdits.js";
import { Interfaces } from "./lanes/interfaces.js";
import { Refresh, movedLibraries } from "./lanes/refresh.js";
import type { Publications } from "./publications.js";
import { Cancelled, NeedsCargo } from "./support/errors.js";
import type { Layout } from "./support/layout.js";
import { isWhole, missingLibrary } from "./units/intact.js";
import { putAllInPlace } from "./units/metadataFile.js";
import { madeOtherwise } from "./units/madeWith.js";
import type { UnitMessages, UnitName } from "./units/unitMessages.js";
import type { LoadedPrograms } from "./units/program.js";
import type { UnitRecord } from "./units/record.js";
import { UnitRecords, announceAgain } from "./units/records.js";

/** How units are compiled. */
export interface FrontEndOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly shimBundle: string;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly jobs: number;
  /** The process ends with its first update, and another one lets the crate lane follow. */
  readonly isOneShot?: boolean;
  /** This is that other process: it runs neither cargo nor build scripts, and starts no engine. */
  readonly follower?: Follower;
  /** cargo is not asked: `NeedsCargo` is thrown instead. */
  readonly isWithoutCargo?: boolean;
  /**
   * Where the bundles lie, if edits may take the body lane: for who stays to let the crate lane follow (see `Workspace.follow`).
   */
  readonly bodyLane?: string;
}

/** A process that nobody waits for. */
export interface Follower {
  /** The `target/cranefly` that it works in. */
  readonly root: string;
  readonly onEngineGone: () => void;
}

/** What the front end gives: a state to publish, or an exit code. */
export type FrontEndResult = Pick<GenerationReport, "lane" | "reason"> & {
  readonly units: readonly string[];
  /** Why the body lane left it to the crate lane. */
  readonly refused?: Extract<BodyOutcome, { readonly kind: "left" }>["refusal"];
} & (
    | {
        readonly state: SelectionState;
        /** What the crate lane compiled. */
        readonly compiled: readonly CompiledUnit[];
        /** Of its units, as they are now. */
        readonly records: UnitRecords;
      }
    | { readonly exitCode: number }
    /** The body lane has published already. */
    | { readonly published: readonly ProgramReport[]; readonly scripts: readonly ScriptState[] }
  );

/** How an update is made. */
export interface UpdateOptions {
  readonly sinceMs: number;
  readonly signal: AbortSignal | undefined;
  /** The crate lane follows the body lane; nobody waits for it. */
  readonly follows: boolean;
  /** Users of libraries are compiled against metadata that they were not compiled against so far. */
  readonly refreshes?: boolean;
}

/** What the updates before have left. */
export interface FrontEndContext {
  /** What was found missing, so that cargo has to make it anew. */
  readonly missing: string | undefined;
  /** Undefined until the workspace was built once, or where no edit is taken alone. */
  readonly bodies: FunctionEdits | undefined;
  /** Undefined until something was published. */
  readonly engine: Engine | undefined;
}

/** What was said of units that are not compiled now is said again, as cargo does. */
function repeatMessages(
  records: readonly UnitRecord[],
  compiled: readonly string[],
  { names }: SelectionState,
  generation: Generation,
): void {
  for (const { invocation, diagnostics } of inCargosOrder(records)) {
    if (compiled.includes(invocation.id)) continue;
    const messages = generation.messagesOf(names?.[invocation.key], [], true);
    for (const diagnostic of diagnostics) messages.add(diagnostic);
    messages.finished();
  }
}

export class FrontEnd {
  private readonly warnings = new Set<string>();
  private readonly interfaces: Interfaces;

  /** `onRecords`: the records of the units are these now. */
  constructor(
    private readonly target: TargetDirectory,
    private readonly options: FrontEndOptions,
    private readonly publications: Publications,
    private readonly listener: Listener,
    private readonly onRecords: (records: UnitRecords) => void,
  ) {
    this.interfaces = new Interfaces(path.dirname(options.shimBundle));
  }

  dispose(): void {
    this.interfaces.dispose();
  }

  /** Brings the units up to date, by cargo if it must be. */
  async run(
    layout: Layout,
    state: SelectionState | undefined,
    generation: Generation,
    { missing, bodies: edits, engine }: FrontEndContext,
    { signal, follows, refreshes = false }: UpdateOptions,
  ): Promise<FrontEndResult> {
    if (state === undefined) return this.cargoLane(layout, missing ?? "first build", generation, signal);
    const before = new UnitRecords(layout);
    this.onRecords(before);
    if (!isHere(layout, state, before)) return this.cargoLane(layout, "it was built elsewhere", generation, signal);
    const { env, jobs } = this.options;
    const cargoInput = await generation.timed("check", () => changedCargoInput(state, env));
    if (cargoInput !== undefined) return this.cargoLane(layout, `${cargoInput} changed`, generation, signal);
    const records = before.all(state.units);
    const other = madeOtherwise(state.made, records);
    if (other !== undefined) return this.cargoLane(layout, `another build made ${other}`, generation, signal);
    announceAgain(layout, records);
    const library = missingLibrary(records);
    if (library !== undefined) return this.cargoLane(layout, `${library} is missing`, generation, signal);
    if (isWhole(layout, records, state)) this.publications.forgetDamaged();
    else this.publications.forget();
    const settling = this.settle(layout, state, signal);
    // (It is waited for later; until then nobody hears of its failure.)
    settling.catch(() => undefined);
    const settle = (): Promise<Settled> => generation.timed("scripts", () => settling);
    // rustc may read what a script writes. Scripts that write nothing run while rustc compiles an edit.
    const mayRunBeside = !follows && state.scripts.every(({ produced }) => produced.length === 0);
    const mayMove = this.options.bodyLane !== undefined && this.options.isOneShot !== true;
    // Nobody stays who has them compiled in time.
    const isBehind = !mayMove && movedLibraries(records).length > 0;
    const attempt = async (): Promise<BodyOutcome | undefined> => {
      if (isBehind) return { kind: "left", refusal: new Refusal("movedLines") };
      return this.tryBodies({ ...state, records: before }, edits, engine, {
        ...{ env, signal, clock: generation.clock, settle },
        isLastWord: this.options.isOneShot === true,
      });
    };
    let bodies = mayRunBeside ? await attempt() : undefined;
    const settled = await settle();
    for (const warning of settled.warnings) this.warnOnce(warning);
    if (settled.cargoReason !== undefined) {
      return this.cargoLane(layout, `${settled.cargoReason} changed`, generation, signal);
    }
    if (!follows) bodies ??= await attempt();
    if (bodies !== undefined && bodies.kind === "taken") {
      const { reason, units, reports: published } = bodies;
      if (generation.scope === "all") repeatMessages(records, units, state, generation);
      return { lane: "body", reason, units, published, scripts: settled.scripts };
    }
    const refused = bodies?.refusal;
    const { rustc } = state.toolchain;
    const seen = new Map<string, string>();
    const asking = {
      ...{ rustc, env, signal },
      mayMove,
      onSeen: (key: string, what: string): void => void seen.set(key, what),
    };
    const options = {
      env,
      wrapper: state.wrapper,
      rustc,
      unseenChange: this.interfaces.asked(layout, asking),
      whatIsSeen: (key: string) => seen.get(key),
      jobs,
      signal,
      isBackground: follows,
      messagesOf: (key: string, before: readonly Diagnostic[], isFresh: boolean) =>
        generation.messagesOf(state.names?.[key], before, isFresh),
      onStart: (id: string) => {
        if (!follows) this.listener.onProgress(`   Compiling ${id}`);
      },
    };
    const result = await generation.timed("frontEnd", () => {
      if (!refreshes && !isBehind) return crateLane(layout, before, state.units, options);
      return refreshed(layout, records, (current) => crateLane(layout, current, state.units, options));
    });
    const { compiled, records: after } = result;
    this.onRecords(after);
    const units = compiled.map((unit) => unit.id);
    if (!result.ok) {
      return { lane: "crate", reason: "compile errors", refused, units, exitCode: 101 };
    }
    const reason = follows ? "it follows the body lane" : (compiled[0]?.reason ?? "nothing changed");
    const current = { ...state, scripts: [...settled.scripts] };
    return { lane: "crate", reason, refused, units, compiled, records: after, state: current };
  }

  private async settle(layout: Layout, { scripts }: SelectionState, signal: AbortSignal | undefined): Promise<Settled> {
    const { env, follower } = this.options;
    if (follower === undefined) return settleScripts(scripts, env, path.dirname(layout.root), signal);
    // The command before has run them.
    if (scripts.some((script) => changedSinceScript(script, env) !== undefined)) throw new Cancelled();
    return { cargoReason: undefined, scripts, warnings: [] };
  }

  private warnOnce(text: string): void {
    if (!this.warnings.has(text)) this.listener.onProgress(`warning: ${text}`);
    this.warnings.add(text);
  }

  private async tryBodies(
    built: LoadedPrograms,
    edits: FunctionEdits | undefined,
    engine: Engine | undefined,
    options: AttemptOptions,
  ): Promise<BodyOutcome | undefined> {
    try {
      if (edits === undefined || engine === undefined) return undefined;
      return await edits.attempt(built, engine, options);
    } finally {
      // No script goes on after the attempt has failed.
      await options.settle().catch(() => undefined);
    }
  }

  private async cargoLane(
    layout: Layout,
    reason: string,
    generation: Generation,
    signal: AbortSignal | undefined,
  ): Promise<FrontEndResult> {
    // It may run whatever the user has just written, who has not asked for that: the next command does.
    if (this.options.follower !== undefined) throw new Cancelled();
    if (this.options.isWithoutCargo === true) throw new NeedsCargo();
    try {
      putAllInPlace(layout);
      const { env, shimBundle, color, quiet } = this.options;
      const onProgress = (line: string): void => this.listener.onProgress(line);
      const messagesOf = (unit: UnitName | undefined, isFresh: boolean): UnitMessages =>
        generation.messagesOf(unit, undefined, isFresh);
      const isNews = generation.scope !== "all";
      const options = { env, shimBundle, color, quiet, signal, onProgress, messagesOf, isNews };
      const captured = await generation.timed("capture", () =>
        this.target.capture(layout, options, () => this.publications.forget()),
      );
      generation.clock.ms.frontEnd = captured.frontEndMs;
      const { compiled: units, state } = captured;
      const records = new UnitRecords(layout);
      return { lane: "cargo", reason, units, compiled: [], records, state };
    } catch (error) {
      if (!(error instanceof BuildFailed)) throw error;
      if (error.message !== "") this.listener.onProgress(error.message);
      return { lane: "cargo", reason, units: [], exitCode: error.exitCode };
    } finally {
      // Failed or not, cargo may have had some compiled.
      this.onRecords(new UnitRecords(layout));
    }
  }
}

/** Runs the crate lane with the newest metadata in the places where libraries' users look for it. */
async function refreshed(
  layout: Layout,
  records: readonly UnitRecord[],
  run: (records: UnitRecords) => Promise<CrateLaneResult>,
): Promise<CrateLaneResult> {
  const refresh = Refresh.begin(layout, records);
  try {
    return await run(new UnitRecords(layout));
  } catch (error) {
    refresh.takeBack();
    throw error;
  } finally {
    refresh.done();
  }
}
