/** The entry of the language server's bundle: over the channel that the client's arguments name (`--node-ipc`, `--stdio`). */
import { ProposedFeatures, createConnection } from "vscode-languageserver/node";
import { messageOf } from "../core/support/errors.js";
import { serve } from "./server.js";

const connection = createConnection(ProposedFeatures.all);
// Compilers are in process groups of their own: only an end by way of `exit` ends them as well.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
process.on("unhandledRejection", (error) => {
  connection.console.error(error instanceof Error ? (error.stack ?? error.message) : messageOf(error));
});
serve(connection, __dirname);
connection.listen();
