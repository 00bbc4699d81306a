/** The function at a place of a source file, whether the file is open or not. */
import { fileURLToPath } from "node:url";
import { TextDocument } from "vscode-languageserver-textdocument";
import { readText } from "../../../core/support/files.js";
import type { ServerContext } from "../../protocol/api.js";
import type { SyntaxStore } from "../syntax/documentStore.js";
import { type RustFunction, functionAt } from "../syntax/structure.js";
import { type FunctionFacts, type ProgramEntry, factsOf } from "./facts.js";
import type { FunctionStore } from "./functionStore.js";

/** How long a request of the user's own waits for the engine's list: longer than a lens. */
const PATIENCE_MS = 5000;

export interface LocatedFunction {
  /** undefined: the place is in no function that the file spells out. */
  readonly item: RustFunction | undefined;
  /** undefined: no program has it. */
  readonly facts: FunctionFacts | undefined;
}

/** Finds the function around `line` (from 0). Of code that is not spelled out (derives), what was compiled from that line. */
export async function locateFunction(
  context: Pick<ServerContext, "documents">,
  syntax: SyntaxStore,
  functions: FunctionStore,
  uri: string,
  line: number,
): Promise<LocatedFunction> {
  const document = context.documents.get(uri) ?? readDocument(uri);
  if (document === undefined) return { item: undefined, facts: undefined };
  const structure = await syntax.of(document);
  const item = structure && functionAt(structure, line);
  if (item !== undefined) {
    const known = await functions.of(document, PATIENCE_MS);
    return { item, facts: known.find((candidate) => candidate.item.key === item.key)?.facts };
  }
  const entries = await functions.entriesOf(document, PATIENCE_MS);
  return { item: undefined, facts: factsOf(entries.filter((entry) => isAt(entry, line + 1))) };
}

function isAt(entry: ProgramEntry, line: number): boolean {
  return entry.line === line;
}

function readDocument(uri: string): TextDocument | undefined {
  const text = uri.startsWith("file:") ? readText(fileURLToPath(uri)) : undefined;
  return text === undefined ? undefined : TextDocument.create(uri, "rust", 0, text);
}
