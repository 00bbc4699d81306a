// Bundles the command line into one file, so that a start costs one read and no module resolution, and the shims that
// cargo calls for every unit of the workspace into another, smaller one. The editor's extension is one file, too.
import { copyFileSync, mkdirSync } from "node:fs";
import { build } from "esbuild";

// Read at run time, not bundled.
const assets = [
  "node_modules/web-tree-sitter/web-tree-sitter.cjs",
  "node_modules/web-tree-sitter/web-tree-sitter.wasm",
  "node_modules/tree-sitter-rust/tree-sitter-rust.wasm",
  "client/src/dashboard/view/dashboard.css",
];

await build({
  entryPoints: {
    cli: "server/src/cli/main.ts",
    shim: "server/src/shim/main.ts",
    server: "server/src/lsp/main.ts",
    extension: "client/src/extension.ts",
  },
  // Given by the editor.
  external: ["vscode"],
  outdir: "dist",
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  // Its other form looks for itself through import.meta, which a CommonJS bundle has not.
  alias: { "web-tree-sitter": "./node_modules/web-tree-sitter/web-tree-sitter.cjs" },
  sourcemap: true,
  // Half the start is compiling this text.
  minify: true,
  keepNames: true,
  legalComments: "none",
  logLevel: "warning",
});

// The page of the dashboard, which runs in the editor's browser.
await build({
  entryPoints: { dashboard: "client/src/dashboard/view/main.ts" },
  outdir: "dist",
  bundle: true,
  platform: "browser",
  target: "es2022",
  format: "iife",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
});

mkdirSync("dist", { recursive: true });
for (const asset of assets) copyFileSync(asset, `dist/${asset.split("/").at(-1)}`);
