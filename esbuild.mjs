// Bundles the command line into one file, so that a start costs one read and no module resolution, and the shims that
// cargo calls for every unit of the workspace into another, smaller one.
import { build } from "esbuild";

await build({
  entryPoints: { cli: "server/src/cli/main.ts", shim: "server/src/shim/main.ts" },
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  sourcemap: true,
  // Half the start is compiling this text.
  minify: true,
  keepNames: true,
  legalComments: "none",
  logLevel: "warning",
});
