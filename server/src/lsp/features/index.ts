/** Everything that shows what the pipeline knows, one module each. */
import type { Register, ServerContext } from "../api.js";

const features: readonly Register[] = [];

export function register(context: ServerContext): void {
  for (const feature of features) feature(context);
}
