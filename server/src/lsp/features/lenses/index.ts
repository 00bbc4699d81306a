/** Answers requests for lenses and hints with what is known, and asks for them anew when more is. */
import {
  type CodeLens,
  CodeLensRefreshRequest,
  type InlayHint,
  InlayHintRefreshRequest,
  type Range,
} from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { ServerContext } from "../../protocol/api.js";
import { knownTests, onTestsFound } from "../tests/index.js";
import { messageOf } from "../../../core/support/errors.js";
import type { FunctionStore } from "../functions/functionStore.js";
import type { SyntaxStore } from "../syntax/documentStore.js";
import { buildOf, isForCargo } from "../run/targetCommand.js";
import { functionHints, functionLenses } from "./functionLenses.js";
import { harnessesOf } from "./harnesses.js";
import { runLenses } from "./runLenses.js";
import { ownHarnessLenses, testLenses } from "./testLenses.js";

/** Milliseconds in which changes are reported together: several projects end their builds within moments of each other. */
const REFRESH_MS = 30;

export class Lenses {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly context: ServerContext,
    private readonly syntax: SyntaxStore,
    private readonly functions: FunctionStore,
  ) {
    const { disposables, projects, settings } = context;
    const refresh = (): void => this.refreshSoon();
    disposables.add(functions.onDidChange(refresh));
    disposables.add(projects.onGeneration(refresh));
    disposables.add(projects.onDidChange(refresh));
    disposables.add(settings.onDidChange(refresh));
    disposables.add(onTestsFound(refresh));
    disposables.add({ dispose: () => clearTimeout(this.timer) });
  }

  /** The lenses of a Rust document. */
  async of(document: TextDocument): Promise<CodeLens[]> {
    const { lens, enable } = this.context.settings.current;
    const project = this.context.projects.projectOf(document.uri);
    if (!enable || project === undefined) return [];
    const structure = await this.syntax.of(document);
    if (structure === undefined) return [];
    const roots = project.targets.filter((target) => target.uri === document.uri);
    // Most likely one of them is run next: cargo is asked before whose build it is of.
    for (const { target } of roots) if (!isForCargo(target)) void buildOf(target, project).catch(() => undefined);
    const known = lens.tests ? knownTests(project) : [];
    const harnesses = lens.tests ? harnessesOf(project, known, document.uri) : [];
    const tests = [
      ...ownHarnessLenses(project.uri, document.uri, structure, known, lens),
      ...testLenses(document.uri, structure, harnesses, lens),
    ];
    const costs = lens.functions === "lens" ? functionLenses(document, await this.functions.of(document), lens) : [];
    return [...runLenses(structure, roots, lens), ...tests, ...costs];
  }

  /** The hints in a part of a Rust document. */
  async hints(document: TextDocument, range: Range): Promise<InlayHint[]> {
    const { lens, enable } = this.context.settings.current;
    if (!enable || lens.functions !== "endOfLine") return [];
    const hints = functionHints(document, await this.functions.of(document), lens);
    return hints.filter(({ position }) => position.line >= range.start.line && position.line <= range.end.line);
  }

  private refreshSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.refresh();
    }, REFRESH_MS);
  }

  private async refresh(): Promise<void> {
    const { connection, client, log } = this.context;
    try {
      if (client.workspace?.codeLens?.refreshSupport === true) {
        await connection.sendRequest(CodeLensRefreshRequest.type);
      }
      if (client.workspace?.inlayHint?.refreshSupport === true) {
        await connection.sendRequest(InlayHintRefreshRequest.type);
      }
    } catch (error) {
      // The client is going away, or does not know the request after all: it asks again by itself.
      log.info(`the lenses were not refreshed: ${messageOf(error)}`);
    }
  }
}
