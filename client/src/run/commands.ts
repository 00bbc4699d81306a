/** The commands about programs: run, again, with other arguments, stop, copy. */
import * as vscode from "vscode";
import { LensCommands, type LensArguments, type RunTarget } from "../../../shared/src/lsp.js";
import type { Context } from "../context.js";
import { joinArguments, shellLine, splitArguments } from "./commandLine.js";
import type { Invocation } from "./configurations.js";
import { invocationFor } from "./invocation.js";
import { pickTarget } from "./pick.js";
import { Runner } from "./runner.js";
import { RunOnSave } from "./runOnSave.js";
import { targetKey, taskType } from "./taskDefinition.js";
import { CraneflyTasks } from "./taskProvider.js";

/** Adds running: the runner, its tasks, run on save, and the commands. */
export function registerRunning(context: Context): void {
  const runner = context.own(new Runner(context));
  context.features.running = runner;
  const onSave = context.own(new RunOnSave(context, runner));
  context.own(vscode.tasks.registerTaskProvider(taskType, new CraneflyTasks(context, runner)));

  context.command("cranefly.run", async () => {
    const choice = await pickTarget(context, "Run");
    return choice !== undefined && runner.run(choice.target, choice.overrides);
  });
  context.command("cranefly.runLast", () => {
    const { last } = runner;
    return last === undefined
      ? vscode.commands.executeCommand("cranefly.run")
      : start(context, runner, last.target, last.overrides);
  });
  context.command("cranefly.runWithArguments", () => runWithArguments(context, runner));
  context.command("cranefly.debug", async () => {
    const choice = await pickTarget(context, "Debug");
    return choice !== undefined && debug(context, choice.target, choice.overrides);
  });
  context.command("cranefly.stop", () => runner.stop());
  context.command("cranefly.toggleRunOnSave", () => onSave.toggle());
  context.command("cranefly.copyRunCommandLine", () => copyCommandLine(context, runner));
  context.command(LensCommands.run, ({ target }: LensArguments) => start(context, runner, target));
  context.command(LensCommands.debug, ({ target }: LensArguments) => debug(context, target));
}

/** Tests have their results in the Test Explorer, everything else has a terminal. */
async function start(
  context: Context,
  runner: Runner,
  target: RunTarget,
  overrides: Partial<Invocation> = {},
): Promise<void> {
  const { testing } = context.features;
  if (target.kind === "test" && testing !== undefined) {
    await testing.run(target, { debug: false });
  } else {
    await runner.run(target, overrides);
  }
}

async function debug(context: Context, target: RunTarget, overrides: Partial<Invocation> = {}): Promise<void> {
  const { testing, debugging } = context.features;
  if (target.kind === "test" && testing !== undefined) {
    await testing.run(target, { debug: true });
  } else if (debugging !== undefined) {
    const { args, env, cwd } = overrides;
    await debugging.start(target, { ...(args && { args }), ...(env && { env }), ...(cwd !== undefined && { cwd }) });
  } else {
    throw new Error("debugging is not available.");
  }
}

async function runWithArguments(context: Context, runner: Runner): Promise<void> {
  const choice = await pickTarget(context, "Run with arguments");
  if (choice === undefined) {
    return;
  }
  const key = `arguments:${targetKey(choice.target)}`;
  const state = context.extension.workspaceState;
  const text = await vscode.window.showInputBox({
    title: "Arguments",
    prompt: "As in a shell: quotation marks keep white space together. Nothing is expanded.",
    value: state.get<string>(key) ?? joinArguments(invocationFor(choice.target, choice.overrides).args),
    validateInput: problemWith,
  });
  if (text !== undefined) {
    await state.update(key, text);
    await runner.run(choice.target, { ...choice.overrides, args: splitArguments(text) });
  }
}

function problemWith(text: string): string | undefined {
  try {
    splitArguments(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function copyCommandLine(context: Context, runner: Runner): Promise<void> {
  const choice = runner.last ?? (await pickTarget(context, "Copy run command line"));
  const prepared = choice === undefined ? undefined : await runner.prepare(choice.target, choice.overrides);
  if (prepared !== undefined) {
    await vscode.env.clipboard.writeText(shellLine(prepared.command));
    void vscode.window.setStatusBarMessage(`Copied the command line of ${prepared.label}`, 3000);
  }
}
