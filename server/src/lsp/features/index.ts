/** Everything that shows what the pipeline knows, one module each. */
import type { Register, ServerContext } from "../api.js";
import { registerEditor } from "./editor.js";

const features: readonly Register[] = [registerEditor];

export function register(context: ServerContext): void {
  for (const feature of features) feature(context);
}
