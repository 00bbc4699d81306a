/** Answers `cranefly/explain`: all that is known of the function at a place, as a text. */
import { type ExplainParams, ExplainRequest, type ExplainResult } from "../../../../shared/src/lsp.js";
import type { Project, ServerContext } from "../protocol/api.js";
import { explainNothing, explainText } from "./functions/explanation.js";
import type { FunctionStore } from "./functions/functionStore.js";
import { type LocatedFunction, locateFunction } from "./functions/functionAt.js";
import type { SyntaxStore } from "./syntax/documentStore.js";

export function registerExplain(context: ServerContext, syntax: SyntaxStore, functions: FunctionStore): void {
  context.connection.onRequest(ExplainRequest, async ({ uri, line }: ExplainParams): Promise<ExplainResult> => {
    const project = context.projects.projectOf(uri);
    const place = await locateFunction(context, syntax, functions, uri, line);
    return explain(project, place);
  });
}

function explain(project: Project | undefined, { item, facts }: LocatedFunction): ExplainResult {
  const name = item?.name ?? facts?.entries[0]?.name;
  if (name === undefined) return { text: "There is no function at this place.", functions: [] };
  if (project === undefined || facts === undefined) {
    return { text: explainNothing(name, whyNothing(project)), functions: [] };
  }
  const summary = project.history.find(({ ok }) => ok);
  const stale = project.built("build")?.stale;
  return { text: explainText(name, facts, { summary, stale }), functions: facts.entries };
}

/** Why no program has a function. */
function whyNothing(project: Project | undefined): string {
  if (project === undefined) return "This file belongs to no cargo workspace that is open.";
  const { state } = project.status;
  switch (state.kind) {
    case "idle":
      return "Nothing was built yet.";
    case "fallback":
      return `cargo builds and runs this project: ${state.reason}.`;
    case "down":
      return `The engine is not running: ${state.reason}.`;
    case "stale":
      if (!state.hasGeneration) return "The sources do not compile, and nothing was built before.";
      break;
    case "rebuilding":
    case "current":
  }
  return (
    "No program that was built contains it. Either nothing calls it, or it is generic and nothing says for which types, " +
    "or it is not part of this configuration (`#[cfg]`), or only tests, examples or other programs that were not built yet use it. " +
    "A `const fn` that is only called in constants, and a function that rustc inlined everywhere, have no code either."
  );
}
