/** Programs of one source file without a package: rustc alone, with the user's own arguments. */
import * as path from "node:path";
import { inspectArgs } from "../units/arguments.js";
import type { CaptureOptions, Captured } from "./capture.js";
import { compileUnit, parseDiagnostic } from "../units/compile.js";
import { Unsupported } from "../support/errors.js";
import { BuildFailed } from "./cargo.js";
import { madeWith } from "../units/madeWith.js";
import { toolsOf } from "./inputs.js";
import { digest, readText } from "../support/files.js";
import { absentOf, fileTime, stampOfRead } from "../support/stamps.js";
import type { Layout } from "../support/layout.js";
import { run } from "../support/process.js";
import { readProgramOptions } from "../units/rustcOptions.js";
import type { FileSelection, SelectionState } from "./selection.js";
import { type Toolchain, checkToolchain, findToolchain, toolchainFiles } from "../units/toolchain.js";

/** Compiles the file to bitcode; the counterpart of a capture for a package. */
export async function captureSingle(
  layout: Layout,
  selection: FileSelection,
  options: CaptureOptions,
): Promise<Captured> {
  const { env } = options;
  const { cwd } = selection;
  const startedMs = fileTime(layout.private);
  const toolchain = await findToolchain(cwd, env, options.signal);
  const given = inspectArgs(selection.rustcArgs);
  checkToolchain(toolchain, given.target);
  if (given.crateTypes.some((kind) => kind !== "bin")) {
    throw new Unsupported(
      `${selection.file}: only programs can be run, not --crate-type ${given.crateTypes.join(",")}`,
    );
  }
  const { refused } = readProgramOptions(selection.rustcArgs, {
    host: toolchain.host,
    origin: "user",
    isProgram: true,
    readFile: (file) => readText(path.resolve(cwd, file)),
  });
  if (refused !== undefined) throw new Unsupported(`${refused} is not supported`);
  const crate = await crateName(toolchain, selection, options);
  const suffix = `-${digest(selection.file, JSON.stringify(selection.rustcArgs)).slice(0, 16)}`;
  const key = `${crate}${suffix}`;
  const args = [
    "--crate-name",
    crate,
    selection.source,
    "--error-format=json",
    "--json=diagnostic-rendered-ansi,artifacts,future-incompat",
    ...(given.crateTypes.length > 0 || given.isTest ? [] : ["--crate-type", "bin"]),
    ...withoutCrateName(selection.rustcArgs),
    "-C",
    `extra-filename=${suffix}`,
    "--out-dir",
    path.join(layout.root, "out"),
  ];
  const invocation = { key, id: `${crate}:${crate}`, command: [toolchain.rustc], args, cwd, env: {}, needsRlib: false };
  const started = performance.now();
  const messages = options.messagesOf(undefined, false);
  const lookedFor = [...toolchainFiles(cwd, toolchain, env), ...namedFiles(selection)];
  const absent = absentOf(lookedFor);
  const result = await compileUnit(layout, invocation, {
    env,
    signal: options.signal,
    onLine: (line) => {
      const diagnostic = parseDiagnostic(line);
      if (diagnostic !== undefined) messages.add(diagnostic);
    },
  });
  if (result.record === undefined) throw new BuildFailed("", result.exitCode);
  const executable = path.join(layout.root, path.basename(selection.file, ".rs"));
  const program = path.basename(executable);
  const state: SelectionState = {
    version: 4,
    toolchain,
    runner: [],
    cargoInputs: lookedFor.map((file) => stampOfRead(file, startedMs, absent)),
    variables: {},
    tools: toolsOf(env),
    made: madeWith([result.record], []),
    scripts: [],
    discovery: undefined,
    units: [key],
    programs: [{ name: program, executable, unit: key, closure: [key], base: "" }],
    starts: [
      { program, label: selection.file, harness: given.isTest, isRelative: false, cwd, env: {}, libraryPath: [] },
    ],
    docTests: [],
    profile: "dev",
    packageDirs: [],
  };
  return { state, compiled: [invocation.id], frontEndMs: performance.now() - started };
}

/** Files and folders that the arguments name: libraries, and arguments in files. */
function namedFiles({ cwd, rustcArgs }: FileSelection): string[] {
  const { externs, link } = inspectArgs(rustcArgs);
  const libraries = externs.flatMap((extern) => extern.path ?? []);
  const folders = link.flatMap((value, index) => (link[index - 1] === "-L" ? [value.replace(/^[a-z]+=/, "")] : []));
  const files = rustcArgs.flatMap((arg) => (arg.startsWith("@") ? [arg.slice(1)] : []));
  return [...libraries, ...folders, ...files].map((file) => path.resolve(cwd, file));
}

/** The crate's name as rustc has it: from the arguments, an attribute or the file's name. */
async function crateName(
  toolchain: Toolchain,
  { file, source, rustcArgs, cwd }: FileSelection,
  { env, signal }: CaptureOptions,
): Promise<string> {
  const out: string[] = [];
  const command = [toolchain.rustc, source, ...rustcArgs, "--print", "crate-name"];
  await run(command, { cwd, env, onStdout: (line) => out.push(line), onStderr: () => undefined, signal });
  // A file that it cannot read does not compile either, whatever its name: that tells the error, with its place.
  return out[0] ?? path.basename(file, ".rs").replaceAll("-", "_");
}

function withoutCrateName(args: readonly string[]): string[] {
  return args.filter(
    (arg, index) => !arg.startsWith("--crate-name") && (index === 0 || args[index - 1] !== "--crate-name"),
  );
}
