/** The entry of the language server's bundle: over the channel that the client's arguments name (`--node-ipc`, `--stdio`). */
import { ProposedFeatures, createConnection } from "vscode-languageserver/node";
import { serve } from "./server.js";

const connection = createConnection(ProposedFeatures.all);
serve(connection, __dirname);
connection.listen();
