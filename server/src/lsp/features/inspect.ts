/** Answers `cranefly/inspect`: a function as LLVM IR, Cranelift IR or machine code. The engine makes the text. */
import { LSPErrorCodes, ResponseError } from "vscode-languageserver/node";
import { type InspectParams, InspectRequest, type InspectResult } from "../../../../shared/src/lsp.js";
import { EngineError } from "../../core/engine/errors.js";
import { Unsupported } from "../../core/support/errors.js";
import type { Project, ServerContext } from "../protocol/api.js";
import { type ProgramEntry, isInner } from "./functions/facts.js";
import { brief, nameOf } from "./functions/names.js";
import { locateFunction } from "./functions/functionAt.js";
import type { FunctionStore } from "./functions/functionStore.js";
import { lastRun } from "./run/lastRun.js";
import type { SyntaxStore } from "./syntax/documentStore.js";

/** Instances for a choice. */
const MAX_INSTANCES = 500;

type Answer = InspectResult | ResponseError;

export function registerInspect(context: ServerContext, syntax: SyntaxStore, functions: FunctionStore): void {
  context.connection.onRequest(InspectRequest, async (params: InspectParams): Promise<Answer> => {
    const project = context.projects.projectOf(params.uri);
    if (project === undefined) return failure("this file belongs to no cargo workspace that is open");
    const { item, facts } = await locateFunction(context, syntax, functions, params.uri, params.line);
    if (facts === undefined) {
      const what =
        item === undefined ? "there is no function at this place" : `no program that was built has \`${item.name}\``;
      return failure(`${what}: put the cursor into a function that is called, and build`);
    }
    const entries = preferred(project, facts.all, params.symbol);
    const [entry] = entries;
    if (entry === undefined) return failure(`\`${params.symbol ?? ""}\` is no instance of this function any more`);
    return inspect(project, entry, params, instancesOf(entries, facts.all));
  });
}

async function inspect(
  project: Project,
  entry: ProgramEntry,
  params: InspectParams,
  instances: InspectResult["instances"],
): Promise<Answer> {
  const { engine, layout } = project;
  if (engine === undefined || layout === undefined) return failure("nothing was built yet");
  try {
    const { text, lines, refs, generation } = await engine.inspect({
      workspace: layout.root,
      program: entry.program,
      symbol: entry.symbol,
      unit: entry.unit,
      what: params.what,
      previous: params.previous ?? false,
    });
    const name = brief(nameOf(entry));
    return { project: project.uri, symbol: entry.symbol, name, generation, text, lines, refs, instances };
  } catch (error) {
    if (error instanceof EngineError || error instanceof Unsupported) return failure(error.message);
    throw error;
  }
}

/**
 * The entries that are meant, the likeliest first: of the program that was run last, of the builds that count most, the
 * function itself before its closures, what costs most before the rest (which is the order that they come in).
 */
function preferred(project: Project, entries: readonly ProgramEntry[], symbol: string | undefined): ProgramEntry[] {
  const program = lastRun(project);
  const meant = symbol === undefined ? [...entries] : entries.filter((entry) => entry.symbol === symbol);
  const order = (entry: ProgramEntry): number => (entry.program === program ? -1 : entry.rank);
  return meant.sort((a, b) => order(a) - order(b) || Number(isInner(a)) - Number(isInner(b)));
}

/** All that a choice is between, the chosen ones first. */
function instancesOf(chosen: readonly ProgramEntry[], all: readonly ProgramEntry[]): InspectResult["instances"] {
  const bySymbol = new Map<string, string>();
  for (const entry of [...chosen, ...all]) {
    if (bySymbol.size === MAX_INSTANCES) break;
    if (!bySymbol.has(entry.symbol)) bySymbol.set(entry.symbol, brief(nameOf(entry)));
  }
  return [...bySymbol].map(([symbol, name]) => ({ symbol, name }));
}

function failure(message: string): ResponseError {
  return new ResponseError(LSPErrorCodes.RequestFailed, message);
}
