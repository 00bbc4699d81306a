/** Gives a run of tests a folder of its own, and fails if processes are left that were started in it. */
import { enterTestFolder, isInTestFolder, leaveTestFolder } from "../../scripts/lib/testFolder.mjs";

export default function setup(): (() => Promise<void>) | undefined {
  // `npm test` has one for all of its steps.
  if (isInTestFolder()) return undefined;
  enterTestFolder();
  return async () => {
    const left = await leaveTestFolder();
    if (left === "") return;
    process.stderr.write(`tests have left processes behind (they are ended now):\n${left}\n`);
    // vitest prints an error that is thrown here, and ends well all the same.
    process.exitCode = 1;
  };
}
