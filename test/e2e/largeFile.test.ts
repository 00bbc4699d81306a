/** A source file of 20,000 lines: everything works in it as in a small one. */
import * as fs from "node:fs";
import { expect, it } from "vitest";
import { building, everyFunctionHasALens, expectCurrent, minimal } from "./support/cranefly.js";
import { until } from "./support/poll.js";
import type { Sandbox } from "./support/sandbox.js";
import { useEditor } from "./support/session.js";

const MAIN = "src/main.rs";
const FUNCTIONS = 4000;
const LAST = `fn f${FUNCTIONS - 1}(`;

const editor = useEditor({ project: minimal, open: [MAIN], settings: everyFunctionHasALens, prepare: writeProject });

it("has lenses at its end", async () => {
  const session = editor();
  await expectCurrent(session);
  expect(session.read(MAIN).split("\n").length).toBeGreaterThan(20_000);
  await session.workbench.editor.reveal(MAIN, LAST);
  await session.workbench.editor.lens(/\d B/, LAST);
});

it("is current again after an edit at its end, with the new size in the lens, and runs", async () => {
  const session = editor();
  const { workbench } = session;
  const before = await workbench.editor.lens(/\d B/, LAST);
  const body = `x.wrapping_mul(${FUNCTIONS - 1})`;
  const edit = (): Promise<void> => workbench.editor.edit(MAIN, body, `${body}.wrapping_mul(x).wrapping_add(x)`);
  await building(session, edit, /is current, rebuilt in .* of [1-9]\d* changed functions? compiled/);
  await workbench.editor.reveal(MAIN, LAST);
  await until(
    `another lens than ${before.title}`,
    () => workbench.editor.lenses(),
    (all) => all.some(({ title, line }) => line.includes(LAST) && /\d B/.test(title) && title !== before.title),
  );
  await workbench.editor.reveal(MAIN, "fn main()");
  await workbench.editor.clickLens(/^▶ Run\b/, "fn main()");
  await workbench.terminal.expect(new RegExp(`last: ${(FUNCTIONS - 1) * 4 + 2}\\s*$`));
});

it("shows an error at its end, and takes it back", async () => {
  const session = editor();
  const { workbench } = session;
  await building(
    session,
    () => workbench.editor.edit(MAIN, ".wrapping_add(x)", ".wrapping_add(y)"),
    /is stale, 1 error/,
  );
  await workbench.problems.show();
  await workbench.problems.expect(/cannot find value `y`/);
  await building(session, () => workbench.editor.edit(MAIN, ".wrapping_add(y)", ".wrapping_add(x)"), /is current/);
  await workbench.problems.expectNone(/cannot find value `y`/);
});

/** Functions of five lines each, and a `main` at the top that calls all of them. */
function writeProject({ workspace }: Sandbox): void {
  // Its profile would have functions inlined.
  fs.writeFileSync(
    `${workspace}/Cargo.toml`,
    '[package]\nname = "large"\nversion = "0.1.0"\nedition = "2024"\n\n[workspace]\n',
  );
  fs.rmSync(`${workspace}/Cargo.lock`);
  fs.rmSync(`${workspace}/build.rs`, { force: true });
  const numbers = Array.from({ length: FUNCTIONS }, (_, index) => index);
  const calls = numbers.map((n) => `    last = f${n}(2);\n`).join("");
  const functions = numbers
    .map((n) => `\nfn f${n}(x: u64) -> u64 {\n    // ${n}\n    x.wrapping_mul(${n})\n}\n`)
    .join("");
  const main = `fn main() {\n    let mut last = 0;\n${calls}    println!("last: {last}");\n}\n`;
  fs.writeFileSync(`${workspace}/${MAIN}`, `#![allow(unused_assignments)]\n\n${main}${functions}`);
}
