// Compares the two lanes of rustc on a project that cranefly has captured: does an edited function come out of the overlay as
// it comes out of the whole crate, and how long does each lane take?
//
//   node bench/body-lane.mjs PROJECT [--unit ID] [--edits N] [--seed N] [--all] [--no-compare] [--in DIR]
//
// PROJECT: a folder with `target/cranefly` (after `bin/cranefly build`). Nothing in it is changed: its sources and its
// dependencies' libraries are copied to DIR (a temporary folder unless given).
// --all compares every function of the unit after the first run; --no-compare only measures.
// Needs the decoder's printer: cargo build --release -p cranefly-bitcode --example dump (in engine/).
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const root = path.resolve(import.meta.dirname, "..");
const dump = process.env.CRANEFLY_DUMP ?? path.join(root, "engine/target/release/examples/dump");
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    unit: { type: "string" },
    edits: { type: "string", default: "20" },
    all: { type: "boolean", default: false },
    compare: { type: "boolean", default: true },
    seed: { type: "string", default: "1" },
    in: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
const project = path.resolve(positionals[0] ?? ".");
const place = options.in ?? fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-lanes-"));

/** The server's modules, bundled: it is written in TypeScript. */
async function loadCore() {
  const outfile = path.join(place, ".core.cjs");
  await build({
    stdin: {
      contents: `export { classify } from "./server/src/core/edits/classify.js";
        export { OverlayLane } from "./server/src/core/lanes/overlay/overlayLane.js";
        export { SourceCache } from "./server/src/core/source/sourceCache.js";
        export { Layout } from "./server/src/core/support/layout.js";
        export { compileUnit } from "./server/src/core/units/compile.js";`,
      resolveDir: root,
    },
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    alias: { "web-tree-sitter": "./node_modules/web-tree-sitter/web-tree-sitter.cjs" },
    logLevel: "warning",
  });
  return createRequire(import.meta.url)(outfile);
}

/** Copies the sources, and links to the libraries, which rustc only reads. */
function copyProject() {
  const copy = path.join(place, "project");
  if (!fs.existsSync(copy)) {
    fs.cpSync(project, copy, {
      recursive: true,
      filter: (file) => path.dirname(file) !== project || path.basename(file) !== "target",
    });
    const deps = "target/cranefly/debug/deps";
    fs.mkdirSync(path.join(copy, deps), { recursive: true });
    for (const name of fs.readdirSync(path.join(project, deps))) {
      if (/\.(rlib|rmeta|so)$/.test(name)) fs.copyFileSync(path.join(project, deps, name), path.join(copy, deps, name));
    }
    const generated = path.join(project, "target/cranefly/debug/build");
    if (fs.existsSync(generated))
      fs.cpSync(generated, path.join(copy, "target/cranefly/debug/build"), { recursive: true });
    const units = "target/cranefly/.cranefly/units";
    for (const key of fs.readdirSync(path.join(project, units))) {
      const record = path.join(project, units, key, "unit.json");
      if (!fs.existsSync(record)) continue;
      fs.mkdirSync(path.join(copy, units, key), { recursive: true });
      const text = fs
        .readFileSync(record, "utf8")
        .replaceAll(`${project}/`, `${copy}/`)
        .replaceAll(`"${project}"`, `"${copy}"`);
      fs.writeFileSync(path.join(copy, units, key, "unit.json"), text);
    }
  }
  return copy;
}

/** A small generator of pseudo-random numbers, so that a run can be repeated. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** All functions of bitcode files: symbol, place and text with numbers of lines in it. */
function functionsOf(files) {
  const found = new Map();
  for (const { path: file } of files) {
    const text = execFileSync(dump, [file], { encoding: "utf8", maxBuffer: 1 << 30 });
    const [globals, ...functions] = text.split("\ndefine ");
    const contents = contentsOf(globals);
    for (const item of functions) {
      const symbol = item.slice(0, item.indexOf("\n"));
      const where = /^subprogram .* (\S+):(\d+)$/m.exec(item);
      found.set(symbol, {
        symbol,
        file: where?.[1],
        line: Number(where?.[2] ?? 0),
        text: normalise(item.slice(item.indexOf("\n")), contents),
      });
    }
  }
  return found;
}

/** What globals contain, by name: private ones are numbered by codegen unit. */
function contentsOf(globals) {
  const contents = new Map();
  for (const line of globals.split("\n")) {
    const match = /^@\d+ (\S+) (.*)$/.exec(line);
    if (match !== null && match[2].includes(" = ")) contents.set(match[1], match[2].slice(match[2].indexOf(" size ")));
  }
  return contents;
}

const PRIVATE = /^(?:alloc_|anon\.|vtable|switch\.table|__unnamed)/;

/** Private globals by content, the rest by name. */
function normalise(text, contents) {
  const known = new Map();
  const expand = (name) => {
    if (!PRIVATE.test(name)) return name;
    const found = known.get(name) ?? digest((contents.get(name) ?? name).replace(/[\w$.]+/g, expand));
    known.set(name, found);
    return found;
  };
  return text.trim().replace(/@([\w$.]+)/g, (_, name) => `@${expand(name)}`);
}

const digest = (text) => createHash("sha256").update(text).digest("hex").slice(0, 16);

const isBlank = ({ text }) =>
  /^b0:\n(?: {4}.*(?:alloca|store|memcpy|gep).*\n)*(?: {4}br b1.*\nb1:\n)? {4}br b[01]/m.test(text);

function withoutHashes(text) {
  return text.replace(/17h[0-9a-f]{16}E/g, "17hE").replace(/Cs[0-9a-zA-Z]+_/g, "Cs_");
}

function compareAll(crate, body, report) {
  const counts = { same: 0, hashes: 0, differ: 0, missing: 0, blank: 0 };
  for (const [symbol, one] of crate) {
    const other = body.get(symbol);
    if (other === undefined) counts.missing++;
    else if (other.text === one.text) counts.same++;
    else if (isBlank(other)) counts.blank++;
    else if (withoutHashes(other.text) === withoutHashes(one.text)) counts.hashes++;
    else {
      counts.differ++;
      if (options.verbose) report(symbol, one.text, other.text);
    }
  }
  return counts;
}

function showDifference(symbol, one, other) {
  fs.writeFileSync(path.join(place, "a.txt"), one);
  fs.writeFileSync(path.join(place, "b.txt"), other);
  console.log(symbol);
  try {
    execFileSync("diff", [path.join(place, "a.txt"), path.join(place, "b.txt")]);
  } catch (error) {
    console.log(
      String(error.stdout)
        .split("\n")
        .slice(0, 8)
        .map((line) => line.slice(0, 240))
        .join("\n"),
    );
  }
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

const core = await loadCore();
const copy = copyProject();
const layout = new core.Layout(path.join(copy, "target/cranefly"));
const env = process.env;
const sources = await core.SourceCache.create(path.join(root, "dist"));
const lane = new core.OverlayLane(layout, sources);
const invocations = fs
  .readdirSync(layout.units)
  .map((key) => JSON.parse(fs.readFileSync(layout.unitRecord(key), "utf8")).invocation);
const invocation = invocations.find(({ id }) => options.unit === undefined || id === options.unit);
if (invocation === undefined)
  throw new Error(`no unit ${options.unit}: there are ${invocations.map(({ id }) => id).join(", ")}`);
console.log(`unit ${invocation.id}, in ${place}`);

async function crateLane() {
  const started = performance.now();
  const result = await core.compileUnit(layout, invocation, { env });
  if (result.record === undefined) throw new Error(result.diagnostics.map((item) => item.rendered).join("\n"));
  return { ms: performance.now() - started, record: result.record };
}

/** Ways to change a body; `n` makes every edit another one. */
const EDITS = {
  literal: (n) => `let _probe = [${n}u8, 1].len();`,
  lines: (n) => `\n\n    // More lines.\n    let _probe = ${n};\n`,
  closure: (n) => `let _probe = (|x: usize| x + ${n})(${n});`,
  generic: (n) => `let _probe: Vec<(u8, [u16; ${(n % 7) + 2}])> = Vec::with_capacity(${n}); drop(_probe);`,
  panic: (n) => `if std::env::args().count() == ${n + 1000} { panic!("probe {}", ${n}); }`,
  format: (n) => `let _probe = format!("{:?} {}", [${n}], std::any::type_name::<[u8; ${n}]>());`,
};

/** Files of a run that are not the run's before: unchanged units are hard links. */
let crateInodes = new Set();
function changedFiles(files) {
  const inodes = files.map((file) => [file, fs.statSync(file.path, { bigint: true }).ino]);
  const changed = inodes.filter(([, inode]) => !crateInodes.has(inode)).map(([file]) => file);
  crateInodes = new Set(inodes.map(([, inode]) => inode));
  return changed;
}

let { record } = await crateLane();
changedFiles(record.bitcode);
const prepared = await lane.compile(record, [], { env });
if (!prepared.ok)
  throw new Error(`${prepared.refused.text}\n${prepared.diagnostics.map((item) => item.rendered).join("\n")}`);
console.log(`prepared: ${JSON.stringify(prepared.times)}, ${prepared.all.length} codegen units`);
if (options.all) {
  const counts = compareAll(functionsOf(record.bitcode), functionsOf(prepared.all), showDifference);
  console.log(`functions of the crate lane, in the body lane's first run: ${JSON.stringify(counts)}`);
}

const next = random(Number(options.seed));
const files = record.inputs
  .map((input) => input.path)
  .filter((file) => file.endsWith(".rs") && file.startsWith(copy) && !file.includes("/target/"));
const candidates = files.flatMap((file) => {
  const { outline } = sources.get(file, fs.readFileSync(file, "utf8"));
  return typeof outline === "string"
    ? []
    : outline.functions.filter((fn) => fn.exposed === undefined).map((fn) => ({ file, path: fn.path }));
});
const times = { crate: [], body: [], overlay: [] };
const tally = { edits: 0, refused: 0, absent: 0, functions: 0, same: 0, hashes: 0, differ: 0, missing: 0 };
for (let i = 0; i < Number(options.edits); i++) {
  const pick = candidates[Math.floor(next() * candidates.length)];
  const kinds = Object.keys(EDITS);
  const kind = kinds[i % kinds.length];
  const before = fs.readFileSync(pick.file, "utf8");
  const fn = sources.get(pick.file, before).outline.functions.find((item) => item.path === pick.path);
  const after = `${before.slice(0, fn.body.start + 1)} ${EDITS[kind](i)} ${before.slice(fn.body.start + 1)}`;
  const edit = core.classify(sources, pick.file, before, after);
  if (edit.kind !== "bodies") throw new Error(`${pick.path}: ${JSON.stringify(edit)}`);
  fs.writeFileSync(pick.file, after);
  const runs = {
    body: () => lane.compile(record, [{ file: pick.file, text: after, functions: edit.functions }], { env }),
    crate: crateLane,
  };
  // In turns, so that neither lane always finds the files warm.
  const results = {};
  for (const name of i % 2 === 0 ? ["body", "crate"] : ["crate", "body"]) {
    const started = performance.now();
    results[name] = await runs[name]();
    if (results.body?.ok !== false) times[name].push(performance.now() - started);
  }
  ({ record } = results.crate);
  const crateChanged = changedFiles(record.bitcode);
  tally.edits++;
  if (!results.body.ok) {
    tally.refused++;
    console.log(`refused: ${kind} in ${pick.path}: ${results.body.refused.text}`);
    continue;
  }
  times.overlay.push(results.body.times.overlay);
  if (options.compare === false) continue;
  const name = path.relative(record.invocation.cwd, pick.file);
  const crateFunctions = functionsOf(crateChanged);
  const bodyFunctions = functionsOf(results.body.changed);
  const [edited] = edit.functions;
  const own = [...crateFunctions.values()].filter(
    (item) => item.file?.endsWith(name) && item.line >= edited.line && item.line <= edited.endLine,
  );
  if (own.length === 0) tally.absent++;
  for (const one of own) {
    tally.functions++;
    const other = bodyFunctions.get(one.symbol);
    if (other === undefined) {
      tally.missing++;
      console.log(`missing: ${kind} in ${pick.path}: ${one.symbol}`);
    } else if (other.text === one.text) tally.same++;
    else if (withoutHashes(other.text) === withoutHashes(one.text)) tally.hashes++;
    else {
      tally.differ++;
      showDifference(one.symbol, one.text, other.text);
    }
  }
}
console.log(`edited functions: ${JSON.stringify(tally)}`);
const show = (name) =>
  `${median(times[name])?.toFixed(0)} ms (${Math.min(...times[name]).toFixed(0)} to ${Math.max(...times[name]).toFixed(0)})`;
console.log(
  `medians of ${times.crate.length}: crate lane ${show("crate")}, body lane ${show("body")}, of it overlay ${show("overlay")}`,
);
