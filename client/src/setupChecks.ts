/** Is everything there that Cranefly needs? Asked at the first start, and by command. */
import * as vscode from "vscode";
import type { Check } from "../../shared/src/lsp.js";
import type { Context } from "./context.js";

const seenKey = "welcomeSeen";

/** Adds the command, and tells once about the walkthrough. */
export function registerChecks(context: Context): void {
  context.command("cranefly.runChecks", () => runChecks(context));
  let isChecked = false;
  context.own(
    context.projects.onDidChange(() => {
      if (!isChecked && context.projects.all.length > 0) {
        isChecked = true;
        checkQuietly(context).catch((error: unknown) => context.log.debug(String(error)));
      }
    }),
  );
}

/** Shows every check with its result; a failed one says what to do. */
async function runChecks(context: Context): Promise<void> {
  const checks = await ask(context);
  const items = checks.map(({ ok, id, message }) => ({
    label: `${ok ? "$(pass)" : "$(error)"} ${names[id]}`,
    detail: message,
  }));
  const failed = checks.filter(({ ok }) => !ok).length;
  await vscode.window.showQuickPick(items, {
    title: failed === 0 ? "Cranefly: everything is there" : `Cranefly: ${failed} of ${checks.length} checks failed`,
    ignoreFocusOut: true,
  });
}

/** With the first project: silent when all is well, one message when something is missing, the walkthrough once. */
async function checkQuietly(context: Context): Promise<void> {
  const failed = (await ask(context)).find(({ ok }) => !ok);
  if (failed !== undefined) {
    const all = "Show All Checks";
    const choice = await vscode.window.showWarningMessage(`Cranefly: ${failed.message}`, all);
    if (choice === all) {
      await runChecks(context);
    }
    return;
  }
  const state = context.extension.globalState;
  if (!state.get<boolean>(seenKey, false)) {
    await state.update(seenKey, true);
    const open = "Open Walkthrough";
    const choice = await vscode.window.showInformationMessage("Cranefly is ready for this workspace.", open);
    if (choice === open) {
      await vscode.commands.executeCommand("cranefly.openWalkthrough");
    }
  }
}

async function ask(context: Context): Promise<readonly Check[]> {
  const { checks } = await context.request("cranefly/checks", {});
  const passed = checks.every(({ ok }) => ok);
  await vscode.commands.executeCommand("setContext", "cranefly.checksPassed", passed);
  return checks;
}

const names: Readonly<Record<Check["id"], string>> = {
  platform: "Platform",
  toolchain: "Rust toolchain",
  linker: "C compiler and linker",
  engine: "Engine",
  memory: "Memory for programs",
  workspace: "Workspace",
};
