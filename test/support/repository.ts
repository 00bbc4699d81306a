/** Where things are in this repository, for tests. */
import * as path from "node:path";
import { SourceCache } from "../../server/src/core/source/sourceCache.js";

export const ROOT = path.resolve(import.meta.dirname, "../..");
/** What `npm run bundle` makes. */
export const BUNDLES = path.join(ROOT, "dist");

/** An empty cache of parsed sources. */
export function openSources(): Promise<SourceCache> {
  return SourceCache.create(BUNDLES);
}
