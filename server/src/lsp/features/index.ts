/** Everything that shows what the pipeline knows, one module each. */
import type { ServerContext } from "../protocol/api.js";
import { ClifDocuments } from "./clif/index.js";
import { registerClifRuns } from "./clif/clifRun.js";
import { registerDashboard } from "./dashboard.js";
import { registerEditor } from "./editor.js";
import { registerExplain } from "./explain.js";
import { FunctionStore } from "./functions/functionStore.js";
import { registerInspect } from "./inspect.js";
import { SyntaxStore } from "./syntax/documentStore.js";

/** The directory of the bundles: this text is part of one. */
const BUNDLE_DIRECTORY = __dirname;

export function register(context: ServerContext): void {
  const syntax = new SyntaxStore(context, BUNDLE_DIRECTORY);
  const functions = new FunctionStore(context, syntax);
  registerEditor(context, { syntax, functions, clif: new ClifDocuments() });
  registerExplain(context, syntax, functions);
  registerInspect(context, syntax, functions);
  registerClifRuns(context, BUNDLE_DIRECTORY);
  registerDashboard(context);
}
