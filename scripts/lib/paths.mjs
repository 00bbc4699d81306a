// Where things are. Takes nothing; everything is relative to the repository that this file lies in.
import { fileURLToPath } from "node:url";
import path from "node:path";

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const engine = path.join(repository, "engine");
/** The command that `npm run build` makes runnable. */
export const cranefly = path.join(repository, "bin/cranefly");
/** The project that `npm start` runs when it is told no other. */
export const sample = path.join(repository, "test/fixtures/sample");
/** Downloaded and built by tests, kept between runs; git-ignored, and not in node_modules, which `npm ci` empties. */
export const cache = path.join(repository, "target/tests");
