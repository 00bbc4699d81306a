/**
 * The crate lane: compiles what changed since the last time, without cargo, in dependency order.
 *
 * A unit is compiled when a file or variable that it read changed, or when the metadata of a library of the workspace
 * that it uses is not the one it was compiled against. Several independent units are compiled at a time.
 */
import PQueue from "p-queue";
import type { Diagnostic } from "../../../../shared/src/report.js";
import { type CompileResult, compileUnit, parseDiagnostic } from "../units/compile.js";
import { Cancelled, asError } from "../support/errors.js";
import { loadedCrates } from "../units/loadedCrates.js";
import type { UnitMessages } from "../units/unitMessages.js";
import type { Layout } from "../support/layout.js";
import { replayOrder } from "./replayOrder.js";
import { type UnitRecord, changedInput } from "../units/record.js";
import type { UnitRecords } from "../units/records.js";
import { wrappedBy } from "../units/invocation.js";

export interface CrateLaneOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The user's RUSTC_WRAPPER; "" without one, undefined where that is not known. */
  readonly wrapper: string | undefined;
  /** How many rustc processes may run at a time. */
  readonly jobs: number;
  readonly signal?: AbortSignal | undefined;
  /** Receives what rustc says of a unit. `before`: what it said last time. */
  readonly messagesOf: (key: string, before: readonly Diagnostic[], isFresh: boolean) => UnitMessages;
  readonly onStart: (id: string) => void;
  /** The toolchain's compiler, if what libraries load is to be known by the time that programs are linked. */
  readonly rustc?: string;
  /** Nobody waits for it. */
  readonly isBackground?: boolean;
}

export interface CompiledUnit {
  readonly key: string;
  /** "package:target". */
  readonly id: string;
  readonly reason: string;
  /** Milliseconds of rustc. */
  readonly ms: number;
}

export interface CrateLaneResult {
  readonly ok: boolean;
  /** Units that were compiled anew, as "package:target", and what made it necessary. */
  readonly compiled: readonly CompiledUnit[];
  readonly failed: readonly string[];
  /** The units' records afterwards, whether or not all could be compiled. */
  readonly records: UnitRecords;
}

/** Brings units up to date. `keys`: dependencies first. */
export async function crateLane(
  layout: Layout,
  records: UnitRecords,
  keys: readonly string[],
  options: CrateLaneOptions,
): Promise<CrateLaneResult> {
  const queue = new PQueue({ concurrency: options.jobs });
  const compiled: CompiledUnit[] = [];
  const failed: string[] = [];
  const made: UnitRecord[] = [];
  const done = new Map<string, Promise<UnitRecord | undefined>>();
  const replay = new Replay(options);
  const { rustc, env, signal } = options;
  const asked: Promise<unknown>[] = [];

  const bringUpToDate = async (key: string): Promise<UnitRecord | undefined> => {
    const record = records.need(key);
    const used = new Map<string, UnitRecord>();
    for (const extern of record.externs) {
      if (extern.unit === null) continue;
      const upstream = await (done.get(extern.unit) ?? records.get(extern.unit));
      // A library that it uses did not compile, so it would not, either. rustc has already said why.
      if (upstream === undefined) return undefined;
      used.set(extern.unit, upstream);
    }
    const reason = reasonToCompile(record, used, options.env);
    if (reason === undefined) {
      replay.add(record);
      return record;
    }
    const { id } = record.invocation;
    const messages = options.messagesOf(key, record.diagnostics, false);
    let started = performance.now();
    const result = await queue.add(async (): Promise<CompileResult> => {
      replay.play();
      options.onStart(id);
      started = performance.now();
      return compileUnit(layout, wrappedBy(record.invocation, options.wrapper), {
        env: options.env,
        signal: options.signal,
        isBackground: options.isBackground ?? false,
        onLine: (line) => {
          const diagnostic = parseDiagnostic(line);
          if (diagnostic !== undefined) messages.add(diagnostic);
        },
      });
    });
    if (result.record === undefined) {
      failed.push(id);
      messages.failed();
    } else {
      made.push(result.record);
      // This runs while the next unit is compiled. If it fails, whoever links the base image asks again.
      if (rustc !== undefined) asked.push(loadedCrates(layout, result.record, { rustc, env, signal }).catch(() => ""));
      compiled.push({ key, id, reason, ms: performance.now() - started });
      messages.finished();
    }
    return result.record;
  };

  for (const key of keys) done.set(key, bringUpToDate(key));
  const settled = await Promise.allSettled(done.values());
  await Promise.all(asked);
  replay.play();
  const errors = settled.flatMap((item) => (item.status === "rejected" ? [asError(item.reason)] : []));
  const error = errors.find((item) => !(item instanceof Cancelled)) ?? errors[0];
  if (error !== undefined) throw error;
  const ok = settled.every((item) => item.status === "fulfilled" && item.value !== undefined);
  return { ok, compiled, failed, records: records.after(made) };
}

/** Repeats what rustc said of units that have not changed: all of it at once, in cargo's order, before anything is compiled. */
class Replay {
  private readonly waiting = new Map<string, UnitRecord>();
  private hasPlayed = false;

  constructor(private readonly options: Pick<CrateLaneOptions, "messagesOf">) {}

  add(record: UnitRecord): void {
    this.waiting.set(record.invocation.key, record);
    if (this.hasPlayed) this.play();
  }

  play(): void {
    this.hasPlayed = true;
    const records = [...this.waiting.values()];
    this.waiting.clear();
    for (const { invocation, diagnostics } of inOrder(records)) {
      const messages = this.options.messagesOf(invocation.key, [], true);
      for (const diagnostic of diagnostics) messages.add(diagnostic);
      messages.finished();
    }
  }
}

/** The units of which rustc said something, in cargo's order, which depends on all units. */
function inOrder(records: readonly UnitRecord[]): readonly UnitRecord[] {
  const told = records.filter(({ diagnostics }) => diagnostics.length > 0);
  if (told.length <= 1) return told;
  const units = records.map(({ invocation: { key }, externs }) => ({
    key,
    uses: externs.flatMap(({ unit }) => unit ?? []),
  }));
  const byKey = new Map(told.map((record) => [record.invocation.key, record]));
  return replayOrder(units).flatMap((key) => byKey.get(key) ?? []);
}

function reasonToCompile(
  record: UnitRecord,
  used: ReadonlyMap<string, UnitRecord>,
  env: NodeJS.ProcessEnv,
): string | undefined {
  const input = changedInput(record, env);
  if (input !== undefined) return `${input} changed`;
  for (const extern of record.externs) {
    const upstream = extern.unit === null ? undefined : used.get(extern.unit);
    if (upstream !== undefined && upstream.metadata?.hash !== extern.hash) {
      return `the interface of ${upstream.invocation.id} changed`;
    }
  }
  return undefined;
}
