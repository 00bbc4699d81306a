/** Processes that die: the user's work goes on. */
import { expect, it } from "vitest";
import { building, engines, expectCurrent, STATUS } from "../support/cranefly.js";
import { until } from "../support/poll.js";
import { signal } from "../support/sandbox.js";
import type { Session, SharedEditor } from "../support/session.js";

const MAIN = "crates/app/src/main.rs";

export function recovery(editor: SharedEditor): void {
  editor.begin([MAIN]);

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
    await session.workbench.terminal.expect(/back from the dead/);
    const [successor] = await until(
      "another engine to run",
      () => engines(session),
      (all) => all.length === 1,
    );
    expect(successor?.pid).not.toBe(engine?.pid);
  });

  it("starts the language server again when it was killed, and goes on from what was built", async () => {
    const session = editor();
    const before = await only("the language server", () => languageServers(session));
    const said = await building(session, () => signal(before, "SIGKILL"), /is current/);
    expect(said.join("\n")).toMatch(/language server ended and is restarted/);
    expect(await only("another language server", () => languageServers(session))).not.toBe(before);
  });

  it("ends a program when its terminal is closed, and starts it again in a new one", async () => {
    const session = editor();
    const { workbench } = session;
    const wait = '    println!("waiting");\n    std::io::stdin().read_line(&mut String::new()).unwrap();\n';
    const save = (): Promise<void> => workbench.editor.edit(MAIN, '    println!("back from the dead");\n', wait);
    await building(session, save, /is current/);
    await workbench.run("Cranefly: Run Last");
    const before = await only("the program", () => programs(session));
    await workbench.run("Terminal: Kill the Active Terminal Instance");
    await until(
      "the end of the program",
      () => programs(session),
      (all) => all.length === 0,
    );
    await workbench.run("Cranefly: Run Last");
    expect(await only("the program", () => programs(session))).not.toBe(before);
    await workbench.terminal.expect(/waiting/);
    await workbench.terminal.type("\n");
    await until(
      "the end of the program",
      () => programs(session),
      (all) => all.length === 0,
    );
  });

  it("gives up on an engine that ends again and again, and starts it again at the press of a button", async () => {
    const session = editor();
    const { statusBar, notifications, terminal } = session.workbench;
    await expectCurrent(session);
    for (let losses = 1; losses <= LOSSES; losses++) {
      const engine = await only("the engine", () => engines(session).map(({ pid }) => pid));
      const next = losses < LOSSES ? /is current/ : /the engine is down/;
      await building(session, () => signal(engine, "SIGKILL"), next);
    }
    await statusBar.expect(STATUS, /the engine is down: the engine ended 5 times within 3 minutes/);
    await notifications.expect(/the engine ended 5 times within 3 minutes/);
    expect(engines(session)).toEqual([]);
    // What was published runs all the same.
    await session.workbench.run("Cranefly: Run Last");
    await terminal.expect(/waiting\s*$/);
    await building(session, () => notifications.press(/the engine ended 5 times/, "Restart Engine"), /is current/);
    expect(engines(session)).toHaveLength(1);
  });
}

/** After so many within three minutes an engine is given up. */
const LOSSES = 5;

/** Waits until there is one of them. */
async function only(what: string, find: () => number[]): Promise<number> {
  const [pid] = await until(what, find, (all) => all.length === 1);
  return pid ?? 0;
}

function programs(session: Session): number[] {
  return session.sandbox
    .processes()
    .filter(({ command }) => /^\S+\/sample$/.test(command))
    .map(({ pid }) => pid);
}

function languageServers(session: Session): number[] {
  return session.sandbox
    .processes()
    .filter(({ command }) => /\/dist\/server\.cjs\b/.test(command))
    .map(({ pid }) => pid);
}
