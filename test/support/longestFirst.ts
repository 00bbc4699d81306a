/**
 * Starts the files that take longest first, so that no long one is left for the end, when the other workers have nothing to do. vitest
 * does so by the times of the last run; where it knows none, as in a new checkout, it goes by the size of the files, which says little.
 */
import * as path from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The longest first. `npm test` prints how long each file takes. */
const LONGEST = [
  ...["inputs", "cli", "debugging", "editedPrograms", "beforeMain", "replay"],
  ...["server", "fallback", "sharedSections", "instrumented", "watch", "fuzz", "scale", "room"],
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const isIntegration = path.basename(path.dirname(moduleId)) === "integration";
      const at = isIntegration ? LONGEST.indexOf(path.basename(moduleId, ".test.ts")) : -1;
      return at < 0 ? LONGEST.length : at;
    };
    // (It keeps the order of what ranks the same.)
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}
