/** The tests that libtest listed, as another feature knows them. */
import type { Disposable } from "vscode-languageserver/node";
import type { TestHarness } from "../../../../../shared/src/lsp.js";
import type { Project, ServerContext } from "../../api.js";

export interface KnownTests {
  /** The harnesses of a project as last listed; none before. Never builds. */
  known(project: Project): readonly TestHarness[];
  /** A project's tests may be others. */
  onDidChange(listener: () => void): Disposable;
}

/** What the context has of it; undefined in a server without test discovery. */
export function knownTests(context: ServerContext & { readonly tests?: KnownTests }): KnownTests | undefined {
  return context.tests;
}
