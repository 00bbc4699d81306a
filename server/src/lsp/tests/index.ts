/** Tests: discovery, places, changes. */
import type { Register, ServerContext } from "../api.js";

const features: readonly Register[] = [];

export function register(context: ServerContext): void {
  for (const feature of features) feature(context);
}
