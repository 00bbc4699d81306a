import { build } from "esbuild";
import { expect, it } from "vitest";
import { ROOT } from "../../support/repository.js";

/** What the shim loads of ours besides itself: it starts once for every unit, so that every file costs. */
const LOADED =
  /^(shared\/src\/|server\/src\/(shim\/|core\/(support|units)\/|core\/cargo\/(shims|hosts|scriptRun)\.ts$))/;

it("holds no file of ours that it does not need, and of libraries what checks JSON alone", async () => {
  const { metafile } = await build({
    entryPoints: ["server/src/shim/main.ts"],
    absWorkingDir: ROOT,
    bundle: true,
    platform: "node",
    format: "cjs",
    minify: true,
    write: false,
    metafile: true,
    outdir: "dist",
    logLevel: "silent",
  });
  const [output] = Object.values(metafile.outputs);
  const files = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput > 0 ? file : [],
  );
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((file) => !LOADED.test(file) && !file.startsWith("node_modules/zod/"))).toEqual([]);
});
