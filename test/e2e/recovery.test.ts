/** Processes that die: the user's work goes on. */
import { expect, it } from "vitest";
import { building, engines, expectCurrent, sample } from "./support/cranefly.js";
import { until } from "./support/poll.js";
import { signal } from "./support/sandbox.js";
import { useEditor } from "./support/session.js";

const MAIN = "crates/app/src/main.rs";
const editor = useEditor({ project: sample, open: [MAIN] });

it("starts the engine again when it was killed", async () => {
  const session = editor();
  await expectCurrent(session);
  const [engine] = await until(
    "the engine to run",
    () => engines(session),
    (all) => all.length === 1,
  );
  signal(engine?.pid ?? 0, "SIGKILL");
  await building(
    session,
    () => session.workbench.editor.edit(MAIN, "    threads::channels();\n", '    println!("back from the dead");\n'),
    /is current/,
  );
  await session.workbench.editor.reveal(MAIN, "fn main()");
  await session.workbench.editor.clickLens(/^▶ Run\b/, "fn main()");
  await session.workbench.terminal.expect(/back from the dead\s*$/);
  const [successor] = await until(
    "another engine to run",
    () => engines(session),
    (all) => all.length === 1,
  );
  expect(successor?.pid).not.toBe(engine?.pid);
});
