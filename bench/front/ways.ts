/** Ways to have rustc compile an edit, each with directories of its own. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { bitcodeArgs, inspectArgs, inspectRemaps, overlayArgs } from "../../server/src/core/units/arguments.js";
import type { SourceCache } from "../../server/src/core/source/sourceCache.js";
import type { BodyRef } from "../../server/src/core/source/functions.js";
import { PatchLane } from "../../server/src/core/lanes/patch/patchLane.js";
import { OverlayLane } from "../../server/src/core/lanes/overlay/overlayLane.js";
import { classify } from "../../server/src/core/edits/classify.js";
import { CompiledTexts } from "../../server/src/core/edits/compiledTexts.js";
import { Mirror } from "../../server/src/core/lanes/mirror/mirror.js";
import { AllUnitSources } from "../../server/src/core/lanes/mirror/unitSources.js";
import { overlayRemaps } from "../../server/src/core/lanes/mirror/remap.js";
import { commonAncestor, isWithin } from "../../server/src/core/support/files.js";
import { digest } from "../../server/src/core/support/files.js";
import { NO_STAMP } from "../../server/src/core/support/stamps.js";
import { Layout } from "../../server/src/core/support/layout.js";
import { run } from "../../server/src/core/support/process.js";
import type { UnitRecord } from "../../server/src/core/units/record.js";
import { unitEnvironment } from "../../server/src/core/units/invocation.js";

/** A function of a unit, and its file's text. */
export interface EditedFunction {
  readonly file: string;
  readonly text: string;
  readonly fn: BodyRef;
}

export interface Way {
  readonly name: string;
  /** Compiles the unit with another body each round; gives milliseconds, or undefined when this way cannot. */
  readonly compile: (round: number) => Promise<number | undefined>;
}

export async function ways(
  layout: Layout,
  record: UnitRecord,
  edited: EditedFunction,
  sources: SourceCache,
): Promise<readonly Way[]> {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-front-"));
  process.once("exit", () => fs.rmSync(place, { recursive: true, force: true }));
  const memory = fs.existsSync("/dev/shm") ? fs.mkdtempSync("/dev/shm/cranefly-front-") : undefined;
  if (memory !== undefined) process.once("exit", () => fs.rmSync(memory, { recursive: true, force: true }));
  const isLibrary = !inspectArgs(record.invocation.args).crateTypes.includes("bin");
  const crate = (name: string, how: Partial<CrateOptions>): Way => ({
    name,
    compile: wholeCrate(path.join(place, name.replace(/\W+/g, "-")), record, edited, how),
  });
  return [
    crate("the crate, in 256 codegen units: the crate lane", {}),
    crate("… in 64 codegen units", { extra: ["-Ccodegen-units=64"] }),
    crate("… in 16 codegen units", { extra: ["-Ccodegen-units=16"] }),
    ...(memory === undefined ? [] : [crate("… with its incremental state in memory", { incremental: memory })]),
    ...(isLibrary ? [crate("… without metadata", { hasMetadata: false })] : []),
    ...(await bodies(new Layout(path.join(place, "lanes")), record, edited, sources)),
    crate("an empty crate with the same options: rustc's start", { isEmpty: true }),
  ];
}

interface CrateOptions {
  readonly extra: readonly string[];
  /** Where incremental sessions lie. */
  readonly incremental: string | undefined;
  readonly hasMetadata: boolean;
  /** Nothing is left of the sources. */
  readonly isEmpty: boolean;
}

/** The unit as the crate lane compiles it, in a mirror of its sources. */
function wholeCrate(
  place: string,
  record: UnitRecord,
  edited: EditedFunction,
  how: Partial<CrateOptions>,
): Way["compile"] {
  const { invocation, inputs, externs } = record;
  const { crateTypes, source } = inspectArgs(invocation.args);
  const files = inputs.map((input) => input.path).filter((file) => file.endsWith(".rs") && !/\/registry\//.test(file));
  const original = commonAncestor([invocation.cwd, ...files.map((file) => path.dirname(file))]);
  const mirror = new Mirror(path.join(place, "source"), original);
  const root = path.resolve(invocation.cwd, source ?? "");
  mirror.sync([edited.file, ...(how.isEmpty === true ? [root] : [])], [invocation.cwd]);
  const out = path.join(place, "out");
  const incrementalDir = how.incremental ?? path.join(place, "incremental");
  const hasMetadata = how.hasMetadata !== false && !crateTypes.includes("bin");
  const own = new Set(externs.filter(({ unit }) => unit !== null).map((extern) => extern.path));
  const bitcode = bitcodeArgs(invocation.args, {
    bitcodeDir: out,
    cwd: mirror.pathOf(invocation.cwd),
    depInfo: path.join(place, "unit.d"),
    metadata: hasMetadata ? path.join(place, "lib.rmeta") : undefined,
    link: undefined,
    incrementalDir,
    isWorkspaceLib: (rlib) => own.has(path.resolve(invocation.cwd, rlib)),
  });
  const args = overlayArgs(bitcode, {
    source: (file) => (isWithin(file, original) ? mirror.pathOf(file) : file),
    incrementalDir,
    crateType: (kind) => (hasMetadata || kind === "bin" ? kind : "staticlib"),
    extra: [
      "--cap-lints=allow",
      ...overlayRemaps(mirror.root, original, inspectRemaps(invocation.args)),
      ...(how.extra ?? []),
    ],
  });
  return async (round) => {
    if (how.isEmpty === true) mirror.write(root, `${crateTypes.includes("bin") ? "fn main() {}" : ""} // ${round}\n`);
    else mirror.write(edited.file, textOf(edited, round));
    fs.rmSync(out, { recursive: true, force: true });
    fs.mkdirSync(out, { recursive: true });
    const started = performance.now();
    const lines: string[] = [];
    const exit = await run([...invocation.command, ...args], {
      cwd: mirror.pathOf(invocation.cwd),
      env: unitEnvironment(invocation, process.env),
      onStderr: (line) => lines.push(line),
    });
    if (exit.code !== 0) throw new Error(`${place}: rustc failed: ${lines.slice(-3).join("\n")}`);
    return performance.now() - started;
  };
}

/** The body lane's two ways. */
async function bodies(
  layout: Layout,
  record: UnitRecord,
  edited: EditedFunction,
  sources: SourceCache,
): Promise<readonly Way[]> {
  const units = new AllUnitSources(layout, sources, process.env);
  const overlays = new OverlayLane(layout, sources, units);
  const patches = new PatchLane(layout, sources, "bench", new CompiledTexts(layout.sharedTexts));
  const options = { env: process.env };
  const prepared = await overlays.compile(record, [], options);
  if (!prepared.ok) process.stderr.write(`there is no overlay: ${prepared.refused.text}\n`);
  await patches.prepare(record, { ...options, needed: units.learned(record) });
  const edit = (round: number): Parameters<PatchLane["compile"]>[1][number] => {
    const text = textOf(edited, round);
    const { file, text: before } = edited;
    const classified = classify(sources, file, before, text);
    const functions = classified.kind === "bodies" ? classified.functions : [];
    return { file, text, stamp: NO_STAMP, before, functions, ranges: [], items: [], hash: digest(text) };
  };
  return [
    {
      name: "the crate with every other body blank: an overlay",
      compile: async (round) => {
        const compiled = await overlays.compile(record, [edit(round)], options);
        if (!compiled.ok) throw new Error(compiled.refused.text);
        return compiled.times.rustc;
      },
    },
    {
      name: "the edited function alone: a patch crate",
      compile: async (round) => {
        const edits = [edit(round)];
        const started = performance.now();
        const compiled = await patches.compile(record, edits, {
          ...options,
          ...units.facts(record),
          textOf: () => undefined,
          newestTextOf: () => undefined,
          editsOf: () => edits,
          tests: () => Promise.resolve([]),
          instances: () => Promise.resolve([]),
          dependents: () => [],
          unitOf: () => undefined,
          units: () => [],
          areItems: false,
          isThorough: false,
        });
        if ("refused" in compiled) throw new Error(compiled.refused.text);
        return performance.now() - started;
      },
    },
  ];
}

function textOf({ text, fn }: EditedFunction, round: number): string {
  const at = fn.body.start + 1;
  return `${text.slice(0, at)} std::hint::black_box(${round}u64); ${text.slice(at)}`;
}
