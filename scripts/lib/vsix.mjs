// The editor's package: which files it holds, and a folder with exactly those, from which the packaging tool works.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { engine, repository } from "./paths.mjs";
import { StepError } from "./run.mjs";

/** What the manifest of the npm package says that the editor's package has no use for: all code is bundled. */
const dropped = ["private", "bin", "files", "scripts", "dependencies", "devDependencies", "overrides"];

/** Copied as they are. A pattern is for whole paths. */
const documents = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];
const folders = ["bin", "media", "syntaxes"];

/** Every file that may be in the package: what is not expected is an error, so that nothing slips in unnoticed. */
const allowed = [
  /^package\.json$/,
  /^(README|CHANGELOG)\.md$/,
  /^LICENSE-(APACHE|MIT)$/,
  /^bin\/cranefly(-terminal)?$/,
  /^dist\/(cli|shim|server|extension)\.cjs$/,
  /^dist\/dashboard\.(js|css)$/,
  /^dist\/(web-tree-sitter|tree-sitter-rust)\.wasm$/,
  /^dist\/web-tree-sitter\.cjs$/,
  /^dist\/cranefly-engine$/,
  /^media\/([\w-]+\/)?[\w-]+\.(svg|png|md)$/,
  /^syntaxes\/[\w.-]+\.json$/,
];

/** Copies what belongs into the package to the empty folder `stage`, and gives the manifest. */
export function stageExtension(stage) {
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(path.join(stage, "dist"), { recursive: true });
  const manifest = JSON.parse(readFileSync(path.join(repository, "package.json"), "utf8"));
  const kept = Object.fromEntries(Object.entries(manifest).filter(([name]) => !dropped.includes(name)));
  writeFileSync(path.join(stage, "package.json"), `${JSON.stringify(kept, undefined, 2)}\n`);

  for (const name of documents.filter((name) => existsSync(path.join(repository, name))))
    copyFileSync(path.join(repository, name), path.join(stage, name));
  for (const name of folders.filter((name) => existsSync(path.join(repository, name))))
    cpSync(path.join(repository, name), path.join(stage, name), { recursive: true });
  for (const name of readdirSync(path.join(repository, "dist")).filter((name) => !name.endsWith(".map")))
    copyFileSync(path.join(repository, "dist", name), path.join(stage, "dist", name));
  stageEngine(path.join(stage, "dist/cranefly-engine"));

  checkFiles(stage, kept);
  // The packaging tool wants to be told which files to leave out: none, since only what belongs into the package is here.
  writeFileSync(path.join(stage, ".vscodeignore"), "");
  return kept;
}

/** The engine without its symbol table, which is half of it and only used by debuggers. */
function stageEngine(target) {
  const source = process.env["CRANEFLY_ENGINE"] ?? path.join(engine, "target/release/cranefly-engine");
  const stripped = spawnSync("strip", ["--strip-all", "-o", target, source], { encoding: "utf8" });
  if (stripped.error) throw new StepError(`strip was not found: install binutils (${stripped.error.message})`);
  if (stripped.status !== 0) throw new StepError(`strip could not read the engine: ${stripped.stderr.trim()}`);
  chmodSync(target, 0o755);
}

/** All files of the package below a folder, by their path in it, in order. */
export function filesIn(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file !== ".vscodeignore" && statSync(path.join(folder, file)).isFile())
    .sort();
}

/** Throws for a file that may not be in the package, and for one that the manifest names and that is missing. */
function checkFiles(stage, manifest) {
  const files = filesIn(stage);
  const unexpected = files.filter((file) => !allowed.some((pattern) => pattern.test(file)));
  if (unexpected.length > 0)
    throw new StepError(
      `these files are not meant to be in the package (see scripts/lib/vsix.mjs): ${unexpected.join(", ")}`,
    );
  const missing = [...namedFiles(manifest)].filter((file) => !files.includes(path.posix.normalize(file)));
  if (missing.length > 0)
    throw new StepError(`package.json names files that are not in the package: ${missing.join(", ")}`);
}

/** The paths in a manifest: every string below these names that is one. */
function* namedFiles(manifest) {
  yield manifest.main;
  if (manifest.icon !== undefined) yield manifest.icon;
  yield* pathsBelow(manifest.contributes ?? {});
}

function* pathsBelow(value, name = "") {
  if (typeof value === "string") {
    const isFile = ["path", "configuration", "svg", "markdown", "image", "light", "dark"].includes(name);
    if (isFile && /\.\w+$/.test(value)) yield value;
  } else if (value !== null && typeof value === "object") {
    for (const [key, child] of Object.entries(value)) yield* pathsBelow(child, Array.isArray(value) ? name : key);
  }
}
