/** Choosing what to run. */
import * as vscode from "vscode";
import type { RunTarget, Target } from "../../../shared/src/lsp.js";
import type { Context } from "../context.js";
import { runSettings } from "../settings.js";
import { appliesTo, type Invocation, type ProgramTarget } from "./configurations.js";
import { targetKey } from "./taskDefinition.js";

/** A target with what a chosen configuration says about it. */
export interface Choice {
  readonly target: RunTarget;
  readonly overrides: Partial<Invocation>;
}

type Item = vscode.QuickPickItem & { readonly choice?: Choice };

/**
 * Lets the user choose among the programs of all projects and their configurations; those of the active file and project
 * come first. With one program only there is no question. Undefined when nothing was chosen.
 */
export async function pickTarget(context: Context, title: string): Promise<Choice | undefined> {
  const { targets } = await context.request("cranefly/targets", { project: undefined });
  const [only, second] = targets;
  if (only === undefined) {
    void vscode.window.showInformationMessage("Cranefly: no open project has a program.");
    return undefined;
  }
  const sorted = byRelevance(targets, context.projects.active?.project);
  const configurations = configured(sorted);
  if (second === undefined && configurations.length === 0) {
    return { target: only.target, overrides: {} };
  }
  const several = new Set(targets.map(({ target }) => target.project)).size > 1;
  const items: Item[] = [
    ...configurations,
    ...(configurations.length > 0 ? [{ label: "Targets", kind: vscode.QuickPickItemKind.Separator }] : []),
    ...sorted.map((target) => itemFor(context, target, several)),
  ];
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.choice;
}

function itemFor(context: Context, { target, label }: Target, nameProject: boolean): Item {
  const project = nameProject ? context.projects.byId(target.project)?.name : undefined;
  return {
    label: `$(${target.kind === "bin" ? "play" : "beaker"}) ${label}`,
    description: [target.kind, project].filter((part) => part !== undefined).join(", "),
    choice: { target, overrides: {} },
  };
}

function configured(targets: readonly Target[]): Item[] {
  const seen = new Set<string>();
  return targets.flatMap(({ target }) =>
    runSettings(vscode.Uri.parse(target.project))
      .configurations.filter((configuration) => appliesTo(configuration, target))
      .filter((configuration) => {
        const key = `${configuration.name}\n${targetKey(target)}`;
        return !seen.has(key) && seen.add(key).has(key);
      })
      .map((configuration) => ({
        label: `$(play) ${configuration.name}`,
        description: (target as ProgramTarget).name,
        detail: (configuration.args ?? []).join(" "),
        choice: {
          target,
          overrides: {
            ...(configuration.args === undefined ? {} : { args: configuration.args }),
            ...(configuration.env === undefined ? {} : { env: configuration.env }),
            ...(configuration.cwd === undefined ? {} : { cwd: configuration.cwd }),
          },
        },
      })),
  );
}

/** The active file's target, then those of the active project, programs before examples and benches. */
function byRelevance(targets: readonly Target[], project: string | undefined): Target[] {
  const file = vscode.window.activeTextEditor?.document.uri.toString();
  const kinds = ["bin", "example", "bench", "test"];
  const rank = ({ uri, target }: Target) =>
    (uri !== undefined && uri === file ? 0 : 100) + (target.project === project ? 0 : 10) + kinds.indexOf(target.kind);
  return [...targets].sort((a, b) => rank(a) - rank(b) || a.label.localeCompare(b.label));
}
