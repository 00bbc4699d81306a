/**
 * Tells the server that its settings are others now; it then asks for them (`workspace/configuration`). Changes in the
 * `cranefly` section reach it by themselves, since it registers for them; this is for what the client adds.
 */
import type { Context } from "./context.js";

export function tellSettingsChanged(context: Context): void {
  context.server.client
    ?.sendNotification("workspace/didChangeConfiguration", { settings: null })
    .catch((error: unknown) => context.log.debug(String(error)));
}
