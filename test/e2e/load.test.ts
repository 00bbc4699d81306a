/** Under load, and without any: requests are answered while a build is under way, many changes are one, and idle is idle. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { building, engines, everyFunctionHasALens, expectCurrent, minimal, STATUS } from "./support/cranefly.js";
import { until } from "./support/poll.js";
import { processorTime, type Sandbox } from "./support/sandbox.js";
import { type Session, useEditor } from "./support/session.js";

const MAIN = "src/main.rs";
const MODULES = 2000;
/** The build script waits for this file. */
const GATE = "gate";

const editor = useEditor({ project: minimal, open: [MAIN], settings: everyFunctionHasALens, prepare: writeProject });

it("is activated within the editor's start", async () => {
  const { workbench } = editor();
  await expectCurrent(editor());
  const shown = await workbench.activation("Cranefly");
  console.log(`the extension was activated in ${shown}`);
  expect(shown).toMatch(/^\d+ms$/);
});

it("answers lenses and hovers while a build is under way", async () => {
  const session = editor();
  const { workbench } = session;
  fs.rmSync(session.path(GATE));
  const touch = () => fs.writeFileSync(session.path("build-input.txt"), "two");
  await building(session, touch, /is rebuilt/);
  // Nobody asked for this file's functions before.
  await workbench.editor.open(moduleFile(7));
  await workbench.editor.lens(/\d B/, "pub fn value()");
  expect(await workbench.editor.hover("value")).toMatch(/\d B/);
  expect(await workbench.statusBar.label(STATUS)).toMatch(/is rebuilt/);
  await building(session, () => fs.writeFileSync(session.path(GATE), ""), /is current/);
});

it("takes 2,000 files that change at once as one change", async () => {
  const session = editor();
  const { workbench } = session;
  const labels = await workbench.statusBar.record(STATUS);
  await building(session, () => writeModules(session.sandbox, 2), /is current/);
  await workbench.editor.open(MAIN);
  await workbench.editor.clickLens(/^▶ Run\b/, "fn main()");
  await workbench.terminal.expect(/the sum is 4000\s*$/);
  const generations = (await labels()).slice(1).filter((label) => /is current, rebuilt/.test(label));
  // More than one if the files were so slow to write that a build came to its end between two of them.
  expect(generations.length).toBeLessThanOrEqual(5);
});

it("says that the toolchain is missing that the project asks for, and goes on once it does not", async () => {
  const session = editor();
  const file = session.path("rust-toolchain.toml");
  const ask = () => fs.writeFileSync(file, '[toolchain]\nchannel = "not-installed-anywhere"\n');
  await building(session, ask, /run by cargo|is stale|nothing to run/);
  await building(session, () => fs.rmSync(file), /is current/);
});

it("takes no processor time when nothing happens", async () => {
  const session = editor();
  await expectCurrent(session);
  const parts = session.sandbox
    .processes()
    .filter(({ command }) => /\/dist\/server\.cjs\b|--type=extensionHost\b/.test(command))
    .concat(engines(session));
  expect(parts.length).toBe(3);
  // What has just been built, opened or closed may still be followed by work.
  await until(
    `${WINDOW / 1000} s in which each process takes less than ${IDLE * 100} % of a processor`,
    () => shares(parts.map(({ pid }) => pid)),
    (all) => all.every((share) => share < IDLE),
    { timeout: 20 * WINDOW },
  );
});

/** Milliseconds over which processor time is taken. */
const WINDOW = 10_000;
/** The part of one processor that an idle process may take. */
const IDLE = 0.05;

/** The part of one processor that each process takes during the next `WINDOW`. */
async function shares(pids: readonly number[]): Promise<number[]> {
  const begin = Date.now();
  const before = pids.map(processorTime);
  await new Promise((resolve) => setTimeout(resolve, WINDOW));
  const elapsed = Date.now() - begin;
  return pids.map((pid, index) => (processorTime(pid) - (before[index] ?? 0)) / elapsed);
}

function writeProject(sandbox: Sandbox): void {
  const write = (file: string, text: string): void => fs.writeFileSync(path.join(sandbox.workspace, file), text);
  // Its profile would have functions inlined.
  write("Cargo.toml", '[package]\nname = "many"\nversion = "0.1.0"\nedition = "2024"\n\n[workspace]\n');
  fs.rmSync(path.join(sandbox.workspace, "Cargo.lock"));
  write("build.rs", buildScript);
  write("build-input.txt", "one");
  write(GATE, "");
  write(MAIN, main);
  writeModules(sandbox, 1);
}

const main = `mod many;

fn main() {
    println!("the sum is {}", many::sum());
}
`;

const buildScript = `fn main() {
    println!("cargo::rerun-if-changed=build-input.txt");
    while !std::path::Path::new("${GATE}").exists() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
`;

/** Modules with a function each that gives `value`, and the sum of all. */
function writeModules({ workspace }: Session["sandbox"], value: number): void {
  const numbers = Array.from({ length: MODULES }, (_, index) => index);
  fs.mkdirSync(path.join(workspace, "src/many"), { recursive: true });
  const calls = numbers.map((n) => `        + m${n}::value()\n`).join("");
  const declared = numbers.map((n) => `mod m${n};\n`).join("");
  fs.writeFileSync(path.join(workspace, "src/many.rs"), `${declared}\npub fn sum() -> u32 {\n    0\n${calls}}\n`);
  for (const n of numbers)
    fs.writeFileSync(path.join(workspace, moduleFile(n)), `pub fn value() -> u32 {\n    ${value}\n}\n`);
}

function moduleFile(number: number): string {
  return `src/many/m${number}.rs`;
}
