// npm run screenshots [-- VITEST ARGS]: takes the pictures in docs/images anew, from the real editor.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { requireProgram } from "./lib/debian.mjs";
import { runInEditor } from "./lib/e2e.mjs";
import { cache, repository } from "./lib/paths.mjs";
import { main, StepError } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

/** As the pictures come from the browser; test/e2e/screenshots.pictures.ts writes them. */
const taken = path.join(cache, "screenshots");
const images = path.join(repository, "docs/images");
/** Bytes; the pictures are in git, where every version stays. */
const LIMIT = 150_000;

/** Reduces a picture to a palette, which a user interface does not suffer from. */
function compress(pngquant, name) {
  const target = path.join(images, name);
  const options = ["--force", "--strip", "--speed", "1", "--quality", "60-95", "--output", target];
  const { status, stderr } = spawnSync(pngquant, [...options, path.join(taken, name)], { encoding: "utf8" });
  if (status !== 0) throw new StepError(`pngquant could not compress ${name}: ${stderr.trim()}`);
  const { size } = statSync(target);
  if (size > LIMIT) throw new StepError(`${name} has ${size} bytes, more than the ${LIMIT} that a picture may have`);
  console.log(`${String(size).padStart(8)} bytes  docs/images/${name}`);
}

await main(async () => {
  await build();
  const pngquant = await requireProgram(["pngquant"], "pngquant", "which compresses the pictures");
  rmSync(taken, { recursive: true, force: true });
  const code = await runInEditor("screenshots.config.ts", process.argv.slice(2));
  if (code !== 0) return code;
  mkdirSync(images, { recursive: true });
  for (const name of readdirSync(taken)) compress(pngquant, name);
  return 0;
});
