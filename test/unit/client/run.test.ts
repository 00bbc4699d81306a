/** What programs are started with: arguments as text, settings and configurations, variables, tasks. */
import { execFileSync, spawnSync } from "node:child_process";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import {
  joinArguments,
  shellLine,
  splitArguments,
  terminalProcess,
  UnbalancedQuotes,
} from "../../../client/src/run/commandLine.js";
import { invocationOf, type ProgramTarget } from "../../../client/src/run/configurations.js";
import {
  definitionOf,
  isTaskDefinition,
  overridesOf,
  programTask,
  targetKey,
  targetOf,
  targetOfProgramTask,
  taskType,
} from "../../../client/src/run/taskDefinition.js";
import { substituteAll } from "../../../client/src/run/variables.js";
import type { Target } from "../../../shared/src/lsp.js";

const app: ProgramTarget = { kind: "bin", project: "file:///w", package: "app", name: "app" };
const tests = { kind: "test", project: "file:///w", program: "app-1", names: ["a::b"] } as const;

const awkward = ["plain", "", "two words", "it's", 'say "hi"', "$HOME `x` \\", "new\nline", "*", "ünï", "--a=b c"];

describe("arguments", () => {
  test("are read as a shell reads them", () => {
    const text = `a "b c" 'd "e"' f\\ g "h \\" i \\$j \\k" "" x'y'"z"`;
    const shell = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${text}`], { encoding: "utf8" });
    expect(splitArguments(text)).toEqual(shell.split("\0").slice(0, -1));
  });

  test("survive being written and read", () => {
    expect(splitArguments(joinArguments(awkward))).toEqual(awkward);
  });

  test("with unbalanced quotation marks are refused", () => {
    for (const text of ["'a", '"a', "a\\"]) {
      expect(() => splitArguments(text)).toThrow(UnbalancedQuotes);
    }
  });
});

describe("processes", () => {
  const script = 'printf "%s\\n" "$0" "$@" "X=${X-unset}" "Y=${Y-unset}"';
  const command = {
    argv: ["/bin/sh", "-c", script, ...awkward],
    cwd: "/tmp",
    env: { X: null, Y: "1 2" },
  };
  const expected = [...awkward, "X=unset", "Y=1 2", ""].join("\n");
  const env = { PATH: process.env["PATH"], X: "set" };

  const launcher = path.resolve(import.meta.dirname, "../../../bin/cranefly-terminal");
  const run = (argv: readonly string[], input?: string) => {
    const { file, args } = terminalProcess(launcher, { argv, cwd: "/", env: {} }, "notice");
    return spawnSync(file, [...args], { encoding: "utf8", ...(input === undefined ? {} : { input }) });
  };

  test("print the notice, then run the program, with its arguments and environment as they are", () => {
    const { file, args, cwd, env: changes } = terminalProcess(launcher, command, "app, generation 3\u001b[2J");
    const out = execFileSync(file, [...args], { cwd, env: { ...env, ...changes }, encoding: "utf8" });
    expect(out).toBe(`\u001b[2mapp, generation 3 [2J\u001b[0m\n${expected}`);
  });

  test("end as the program does", () => {
    expect(run(["/bin/true"]).status).toBe(0);
    expect(run(["/bin/sh", "-c", "exit 3"]).status).toBe(3);
    expect(run(["/bin/sh", "-c", "kill -SEGV $$"]).status).toBe(128 + 11);
    expect(run(["/nowhere/app"]).status).toBe(127);
  });

  test("give the program their input", () => {
    expect(run(["/bin/cat"], "typed").stdout).toContain("\ntyped");
  });

  test("can be copied into a shell", () => {
    const out = execFileSync("/bin/sh", ["-c", shellLine(command)], { env, encoding: "utf8" });
    expect(out).toBe(expected);
  });
});

describe("settings", () => {
  const settings = {
    args: ["--all"],
    env: { A: "1", B: "2" },
    cwd: "all",
    configurations: [
      { name: "other", target: { name: "other" }, args: ["x"] },
      { name: "example", target: { kind: "example", name: "app" }, args: ["y"] } as const,
      { name: "mine", target: { name: "app" }, args: ["--mine"], env: { B: null, C: "3" }, cwd: "mine" },
      { name: "second", target: { name: "app" }, args: ["--second"] },
    ],
  };

  test("are changed by the first configuration for the target", () => {
    expect(invocationOf(app, settings)).toEqual({
      args: ["--mine"],
      env: { A: "1", B: null, C: "3" },
      cwd: "mine",
    });
    expect(invocationOf({ ...app, kind: "example" }, settings).args).toEqual(["y"]);
  });

  test("count as they are without one", () => {
    expect(invocationOf({ ...app, name: "tool" }, settings)).toEqual({
      args: ["--all"],
      env: { A: "1", B: "2" },
      cwd: "all",
    });
  });

  test("give tests the environment only", () => {
    expect(invocationOf(tests, settings)).toEqual({ args: [], env: { A: "1", B: "2" }, cwd: undefined });
  });

  test("may hold variables", () => {
    const invocation = {
      args: ["${workspaceFolder}/x", "${env:HOST}", "${env:NONE}", "${unknown}", "$HOME"],
      env: { P: "${userHome}/p", Q: null },
      cwd: "${workspaceFolder}",
    };
    const variables = { workspaceFolder: "/w", userHome: "/home/u", env: { HOST: "h" } };
    expect(substituteAll(invocation, variables)).toEqual({
      args: ["/w/x", "h", "", "${unknown}", "$HOME"],
      env: { P: "/home/u/p", Q: null },
      cwd: "/w",
    });
    expect(substituteAll(invocation, { ...variables, workspaceFolder: undefined }).cwd).toBe("${workspaceFolder}");
  });
});

describe("tasks", () => {
  const target = (changes: Partial<ProgramTarget>): Target => ({
    target: { ...app, ...changes },
    label: changes.name ?? "app",
    uri: undefined,
  });
  const targets = [
    target({}),
    target({ kind: "example" }),
    target({ package: "b", name: "two" }),
    target({ package: "c", name: "two" }),
  ];

  test("find their target", () => {
    expect(targetOf(definitionOf(app), targets)).toEqual({ target: app });
    expect(targetOf({ type: taskType, kind: "example", name: "app" }, targets)).toEqual({
      target: { ...app, kind: "example" },
    });
    expect(targetOf({ type: taskType, kind: "bin", name: "two", package: "c" }, targets)).toMatchObject({
      target: { package: "c" },
    });
  });

  test("say what is wrong with their name", () => {
    expect(targetOf({ type: taskType, kind: "bin", name: "ap" }, targets)).toEqual({
      problem: 'no bin target is called "ap"; there are: app, two, two',
    });
    expect(targetOf({ type: taskType, kind: "bench", name: "app" }, targets)).toMatchObject({
      problem: expect.stringContaining("there is no bench target") as string,
    });
    expect(targetOf({ type: taskType, kind: "bin", name: "two" }, targets)).toMatchObject({
      problem: expect.stringContaining("b, c") as string,
    });
  });

  test("are told from what else may stand in a file", () => {
    expect(isTaskDefinition({ type: taskType, kind: "bin", name: "app" } as { type: string })).toBe(true);
    for (const wrong of [{ type: "cargo" }, { type: taskType }, { type: taskType, kind: "lib", name: "app" }]) {
      expect(isTaskDefinition(wrong), JSON.stringify(wrong)).toBe(false);
    }
  });

  test("change only what they mention", () => {
    const definition = { type: taskType, kind: "bin", name: "app", args: [] } as const;
    expect(overridesOf(definition)).toEqual({ args: [] });
  });

  test("of a program lead back to its target, and all tests of a harness share one", () => {
    expect(targetOfProgramTask(programTask(app))).toEqual(app);
    expect(targetOfProgramTask(programTask(tests))).toEqual({ ...tests, names: [] });
    expect(programTask(tests)).toEqual(programTask({ ...tests, names: [] }));
    expect(targetOfProgramTask(definitionOf(app))).toBeUndefined();
    expect(targetKey(tests)).toBe(targetKey({ ...tests, names: ["c"] }));
    expect(targetKey(app)).not.toBe(targetKey({ ...app, package: "other" }));
  });
});
