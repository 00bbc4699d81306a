/** `npm run conformance [-- NAME…]`. Writes `conformance.json` into the cache folder; exit code 1 on any difference. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { cache } from "../support/repository.js";
import { check, passed, type Verdict } from "./check.js";
import { select } from "./list.js";
import { table } from "./table.js";

async function main(names: readonly string[]): Promise<number> {
  const verdicts: Verdict[] = [];
  for (const subject of select(names)) {
    process.stderr.write(`${subject.name} …\n`);
    verdicts.push(await check(subject));
  }
  const file = path.join(cache, "conformance.json");
  await writeFile(file, `${JSON.stringify(verdicts, undefined, 2)}\n`);
  process.stdout.write(`${table(verdicts)}\n\nAs JSON: ${file}\n`);
  return verdicts.every(passed) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
