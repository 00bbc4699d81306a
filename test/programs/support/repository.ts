/** Where things are, for the tests; the bundled conformance script gets the repository from its environment. */
import path from "node:path";

export const repository = process.env["CRANEFLY_REPOSITORY"] ?? path.resolve(import.meta.dirname, "../../..");
export const fixtures = path.join(repository, "test/fixtures");
/** The command under test: what `npm run build` made, or another one (an installed version, say) by `CRANEFLY_UNDER_TEST`. */
export const cranefly = process.env["CRANEFLY_UNDER_TEST"] ?? path.join(repository, "bin/cranefly");
/** Downloads and builds, kept between runs; git-ignored. */
export const cache = path.join(repository, "target/tests");
