/**
 * The crate lane: compiles what changed since the last time, without cargo, in dependency order.
 *
 * A unit is compiled when a file or variable that it read changed, or when the metadata of a library of the workspace
 * that it uses is not the one it was compiled against. That stays while the library's users see nothing of what changes.
 * Several independent units are compiled at a time, and a library's users as soon as its metadata is there.
 */
import PQueue from "p-queue";
import type { Diagnostic } from "../../../../shared/src/report.js";
import { type CompileResult, type UnseenChange, compileUnit, parseDiagnostic } from "../units/compile.js";
import { Cancelled, asError } from "../support/errors.js";
import { loadedCrates } from "../units/loadedCrates.js";
import type { UnitMessages } from "../units/unitMessages.js";
import type { Layout } from "../support/layout.js";
import { replayOrder } from "./replayOrder.js";
import { type UnitRecord, changedInput, saveUnit } from "../units/record.js";
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
  /** Whether the users of a library that was compiled have to be. Without it, they have to whenever its metadata is another one. */
  readonly unseenChange?: UnseenChange;
  /** What a library's users see of its change, for the report; undefined where that is not known. */
  readonly whatIsSeen?: (key: string) => string | undefined;
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
  /** Units that do not compile, or use what does not. */
  const broken = new Set<string>();
  /** Libraries whose metadata is there before they are done: their users need not wait any longer. */
  const interfaces = new Map<string, EarlyInterface>();
  const replay = new Replay(options);
  const { rustc, env, signal } = options;
  const asked: Promise<unknown>[] = [];

  const bringUpToDate = async (key: string): Promise<UnitRecord | undefined> => {
    const record = records.need(key);
    const used = new Map<string, UnitRecord>();
    for (const extern of record.externs) {
      if (extern.unit === null) continue;
      const ready = interfaces.get(extern.unit)?.promise;
      const end = done.get(extern.unit);
      const upstream = await (ready === undefined || end === undefined
        ? records.get(extern.unit)
        : Promise.race([ready, end]));
      // A library that it uses did not compile, so it would not, either. rustc has already said why.
      if (upstream === undefined) return undefined;
      used.set(extern.unit, upstream);
    }
    // (The metadata of what has failed since was there before.)
    if (usesAnyOf(record, broken, records)) return undefined;
    const reason = reasonToCompile(record, used, options);
    if (reason === undefined) {
      replay.add(record);
      return record;
    }
    const { id } = record.invocation;
    const messages = options.messagesOf(key, record.diagnostics, false);
    let started = performance.now();
    const result = await queue.add(async (): Promise<CompileResult | undefined> => {
      if (usesAnyOf(record, broken, records)) return undefined;
      replay.play();
      options.onStart(id);
      started = performance.now();
      return compileUnit(layout, wrappedBy(record.invocation, options.wrapper), {
        env: options.env,
        signal: options.signal,
        isBackground: options.isBackground ?? false,
        ...(options.unseenChange === undefined ? {} : { unseenChange: options.unseenChange }),
        onInterface: (library) => interfaces.get(key)?.resolve(library),
        onLine: (line) => {
          const diagnostic = parseDiagnostic(line);
          if (diagnostic !== undefined) messages.add(diagnostic);
        },
      });
    });
    if (result === undefined) return undefined;
    if (result.record === undefined) {
      failed.push(id);
      messages.failed();
    } else if (!(await areCompiled(result.record.externs))) {
      // What was put back may be what it was compiled against.
      saveUnit(layout, { ...result.record, externs: result.record.externs.map((extern) => ({ ...extern, hash: "" })) });
      messages.finished();
      return undefined;
    } else {
      made.push(result.record);
      // This runs while the next unit is compiled. If it fails, whoever links the base image asks again.
      if (rustc !== undefined) asked.push(loadedCrates(layout, result.record, { rustc, env, signal }).catch(() => ""));
      compiled.push({ key, id, reason, ms: performance.now() - started });
      messages.finished();
    }
    return result.record;
  };

  /** Whether all libraries that a unit uses have compiled in the end. */
  const areCompiled = async (externs: UnitRecord["externs"]): Promise<boolean> => {
    const ends = externs.flatMap(({ unit }) => (unit === null ? [] : (done.get(unit) ?? [])));
    return (await Promise.all(ends)).every((record) => record !== undefined);
  };

  for (const key of keys) {
    interfaces.set(key, earlyInterface());
    const end = bringUpToDate(key).then((record) => {
      if (record === undefined) broken.add(key);
      return record;
    });
    done.set(key, end);
  }
  const settled = await Promise.allSettled(done.values());
  await Promise.all(asked);
  replay.play();
  const errors = settled.flatMap((item) => (item.status === "rejected" ? [asError(item.reason)] : []));
  const error = errors.find((item) => !(item instanceof Cancelled)) ?? errors[0];
  if (error !== undefined) throw error;
  const ok = settled.every((item) => item.status === "fulfilled" && item.value !== undefined);
  // Libraries first, however they came to their ends.
  compiled.sort((a, b) => keys.indexOf(a.key) - keys.indexOf(b.key));
  return { ok, compiled, failed, records: records.after(made) };
}

/** Whether a unit uses one of these, directly or not. */
function usesAnyOf(unit: UnitRecord, keys: ReadonlySet<string>, records: UnitRecords): boolean {
  if (keys.size === 0) return false;
  const seen = new Set<string>();
  const reaches = ({ externs }: UnitRecord): boolean =>
    externs.some(({ unit: key }) => {
      if (key === null || seen.has(key)) return false;
      seen.add(key);
      const used = records.get(key);
      return keys.has(key) || (used !== undefined && reaches(used));
    });
  return reaches(unit);
}

/** A library as its users see it before it is done. */
interface EarlyInterface {
  readonly promise: Promise<UnitRecord>;
  readonly resolve: (library: UnitRecord) => void;
}

function earlyInterface(): EarlyInterface {
  let resolve: (library: UnitRecord) => void = () => undefined;
  const promise = new Promise<UnitRecord>((settle) => (resolve = settle));
  return { promise, resolve: (library) => resolve(library) };
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
    for (const { invocation, diagnostics } of inCargosOrder(records)) {
      const messages = this.options.messagesOf(invocation.key, [], true);
      for (const diagnostic of diagnostics) messages.add(diagnostic);
      messages.finished();
    }
  }
}

/** The units of which rustc said something, in cargo's order, which depends on all units. */
export function inCargosOrder(records: readonly UnitRecord[]): readonly UnitRecord[] {
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
  { env, whatIsSeen }: Pick<CrateLaneOptions, "env" | "whatIsSeen">,
): string | undefined {
  const input = changedInput(record, env);
  if (input !== undefined) return `${input} changed`;
  for (const extern of record.externs) {
    const upstream = extern.unit === null ? undefined : used.get(extern.unit);
    if (upstream !== undefined && upstream.metadata?.hash !== extern.hash) {
      const seen = whatIsSeen?.(upstream.invocation.key);
      return `the interface of ${upstream.invocation.id} changed${seen === undefined ? "" : ` (${seen})`}`;
    }
  }
  return undefined;
}
