/**
 * Runs rustc on a unit's overlay: bitcode of the edited functions in a fraction of the crate lane's time.
 *
 * The result is a proposal. The crate lane compiles the same sources afterwards, and is right where the two differ.
 */
import PQueue from "p-queue";
import type { BitcodeFile } from "../../../../../shared/src/protocol.js";
import { Refusal } from "../../edits/refusal.js";
import type { Layout } from "../../support/layout.js";
import type { EditedFile } from "../../edits/baseline.js";
import type { UnitRecord } from "../../units/record.js";
import { type Finding, filesWithErrors, functionsWithErrors, brokenRoots, isIn } from "./findings.js";
import { isAboutBody } from "../mirror/lints.js";
import type { FunctionName } from "../../source/functions.js";
import { Overlay } from "./overlay.js";
import { compileOverlay } from "./compileOverlay.js";
import type { LaneOptions } from "../mirror/compileMirror.js";
import type { AllUnitSources } from "../mirror/unitSources.js";
import type { SourceCache } from "../../source/sourceCache.js";

/** What came of a run. */
export type OverlayResult =
  /** `bitcode`: of all of the overlay's codegen units. */
  | { readonly ok: true; readonly bitcode: readonly BitcodeFile[]; readonly times: OverlayTimes }
  | { readonly ok: false; readonly refused: Refusal; readonly times: OverlayTimes };

/** Milliseconds. */
export interface OverlayTimes {
  /** rustc, all rounds. */
  readonly rustc: number;
  /** How often rustc ran: again after errors that say which functions have to stay whole. */
  readonly rounds: number;
}

/** How often a unit is compiled again with more functions whole before it is given up. */
const MAX_ROUNDS = 5;

/** How many saves of a unit that cannot be compiled go by, at most, before it is tried again. */
const MAX_SKIPPED = 64;

/** The overlays of a target directory's units. */
export class OverlayLane {
  private readonly overlays = new Map<string, Overlay>();
  private readonly queues = new Map<string, PQueue>();
  /** Units that rustc has compiled, or that were refused, in this process. */
  private readonly prepared = new Set<string>();
  private readonly givenUp = new Map<string, { readonly attempts: number; skip: number }>();

  constructor(
    private readonly layout: Layout,
    readonly sources: SourceCache,
    private readonly units: AllUnitSources,
  ) {}

  /**
   * Compiles a unit with these functions whole and most others blanked. Without edited functions it prepares the lane: the first
   * run of a unit is a full compilation, and finds out what cannot be blanked. Runs of one unit follow each other.
   *
   * `record`: what the crate lane last made of the unit. `callers`: functions that have to be there as well, since they instantiate
   * edited ones. Rejects with `Cancelled` when the signal aborts.
   */
  async compile(
    record: UnitRecord,
    edited: readonly EditedFile[],
    options: LaneOptions,
    callers: readonly FunctionName[] = [],
  ): Promise<OverlayResult> {
    const { key } = record.invocation;
    const queue = this.queues.get(key) ?? new PQueue({ concurrency: 1 });
    this.queues.set(key, queue);
    const result = await queue.add(() => this.run(record, edited, options, callers));
    this.prepared.add(key);
    return result;
  }

  /** Whether a unit was compiled in this process, so that the next run only compiles what changed. */
  isPrepared({ invocation: { key } }: UnitRecord): boolean {
    this.dropIfGone(key);
    return this.prepared.has(key);
  }

  /**
   * Keeps the functions whole that have these lines: the next run compiles them, too. For functions that edited ones turned out to
   * instantiate. Returns whether there is any blanked one among them.
   */
  keepWhole(record: UnitRecord, places: readonly { readonly file: string; readonly line: number }[]): boolean {
    const overlay = this.overlay(record);
    if (overlay instanceof Refusal) return false;
    const functions = places.flatMap(({ file, line }) =>
      (overlay.blankedFile(file)?.blanked ?? [])
        .filter((fn) => fn.line <= line && line <= fn.endLine)
        .map((fn) => ({ file, path: fn.path })),
    );
    return overlay.sources.learn(functions);
  }

  /** Why an edit of these files is more than it seems although no function's body changed; undefined when it is not. */
  refusalOf(record: UnitRecord, edited: readonly EditedFile[]): Refusal | undefined {
    const overlay = this.overlay(record);
    return overlay instanceof Refusal ? overlay : sync(overlay, [], edited);
  }

  private async run(
    record: UnitRecord,
    edited: readonly EditedFile[],
    options: LaneOptions,
    callers: readonly FunctionName[],
  ): Promise<OverlayResult> {
    const times = { rustc: 0, rounds: 0 };
    const refused = (why: Refusal): OverlayResult => ({ ok: false, refused: why, times });
    const overlay = this.overlay(record);
    if (overlay instanceof Refusal) return refused(overlay);

    if (this.isGivenUp(record)) return refused(new Refusal("overlayGivenUp"));

    const own = edited.flatMap(({ file, functions }) => functions.map((fn) => ({ file, path: fn.path })));
    const names = [...own, ...callers];
    const known = overlay.sources.learned;
    for (;;) {
      const problem = sync(overlay, names, edited);
      if (problem !== undefined) return refused(problem);
      const started = performance.now();
      const compiled = await compileOverlay(this.layout, record, overlay, options);
      times.rustc += performance.now() - started;
      times.rounds++;
      if (compiled.keepBitcode !== undefined) {
        this.givenUp.delete(record.invocation.key);
        const lint = compiled.findings.find((item) => isDenied(item, edited));
        if (lint !== undefined) return refused(new Refusal("deniedLint", lint.code ?? ""));
        return { ok: true, bitcode: compiled.keepBitcode(), times };
      }
      const errors = compiled.findings.filter(isError);
      const isMistake = errors.some((item) =>
        edited.some(({ file, functions }) => isIn(item, file, functions, "span")),
      );
      if (isMistake) return refused(new Refusal("mistake"));
      const broken = new Set(errors.flatMap(brokenRoots));
      if (broken.size > 0 && times.rounds < MAX_ROUNDS) {
        for (const file of broken) overlay.forgetRecent(file);
        if (edited.some(({ file }) => broken.has(file))) return refused(new Refusal("unnamedEdit"));
        if (callers.some(({ file }) => broken.has(file))) return refused(new Refusal("unnamedCaller"));
        continue;
      }
      if (times.rounds < MAX_ROUNDS && keepWholeAfter(errors, overlay)) continue;
      overlay.sources.unlearn(known);
      this.giveUp(record);
      return refused(new Refusal("overlayError", errors[0]?.diagnostic.message ?? "no reason is given"));
    }
  }

  /** After a unit could not be compiled, ever more of its saves go without a new attempt. */
  private isGivenUp(record: UnitRecord): boolean {
    const state = this.givenUp.get(record.invocation.key);
    if (state === undefined || state.skip === 0) return false;
    state.skip--;
    return true;
  }

  private giveUp({ invocation }: UnitRecord): void {
    const attempts = (this.givenUp.get(invocation.key)?.attempts ?? 0) + 1;
    this.givenUp.set(invocation.key, { attempts, skip: Math.min(2 ** attempts, MAX_SKIPPED) });
  }

  /** The unit's overlay, or why there can be none. */
  private overlay(record: UnitRecord): Overlay | Refusal {
    const { key } = record.invocation;
    const sources = this.units.of(record);
    if (sources instanceof Refusal) return sources;
    this.dropIfGone(key);
    const known = this.overlays.get(key);
    if (known?.sources === sources) return known;
    const overlay = new Overlay(this.layout.bodyLane(key), record, sources, this.sources);
    this.overlays.set(key, overlay);
    return overlay;
  }

  /** Whoever finds a unit damaged removes all of it. */
  private dropIfGone(key: string): void {
    if (this.overlays.get(key)?.isGone !== true) return;
    this.overlays.delete(key);
    this.prepared.delete(key);
    this.givenUp.delete(key);
  }
}

/** Brings the overlay up to date; returns why it cannot serve the edit. */
function sync(overlay: Overlay, names: readonly FunctionName[], edited: readonly EditedFile[]): Refusal | undefined {
  try {
    overlay.sync(names, edited);
  } catch (error) {
    // The disk is full, or a folder has vanished. The crate lane finds out, too, and rustc says what is wrong.
    if (error instanceof Error && "syscall" in error) return new Refusal("unwritable", error.message);
    throw error;
  }
  const refusal = overlay.refusalOf(edited.map(({ file }) => file));
  if (refusal !== undefined) return refusal;
  const [unrooted] = edited.flatMap(({ file, functions }) => overlay.unrooted(file, functions));
  return unrooted === undefined ? undefined : new Refusal("unnamed", unrooted.path);
}

/** Makes ever more functions stay whole: those that errors point to, those that may hide items, the files pointed to. */
function keepWholeAfter(errors: readonly Finding[], overlay: Overlay): boolean {
  return (
    overlay.sources.learn(errors.flatMap((item) => functionsWithErrors(item, overlay))) ||
    (errors.length > 0 && overlay.sources.learn(overlay.mayHideItems())) ||
    overlay.sources.learn(errors.flatMap((item) => filesWithErrors(item, overlay)))
  );
}

/** Whether a lint reports on an edited function. Only those that are errors report at all. */
function isDenied(item: Finding, edited: readonly EditedFile[]): boolean {
  const { code } = item;
  if (code === undefined) return false;
  return edited.some(
    ({ file, functions }) =>
      isIn(item, file, functions, "body") || (isAboutBody(code) && isIn(item, file, functions, "span")),
  );
}

function isError({ diagnostic }: Finding): boolean {
  return diagnostic.level.startsWith("error");
}
