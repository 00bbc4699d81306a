// Which folder may import which: what docs/architecture.md says of the folders, checked by `npm test -- --only arrows`.
// A type that is imported is an arrow as any other.

const core = "^server/src/core/";

/** The rooms of the server's core: the files of each, and the rooms that it may import besides itself. */
const rooms = {
  support: { files: "support/", may: [] },
  source: { files: "source/", may: ["support"] },
  watch: { files: "watch/", may: ["support"] },
  units: { files: "units/", may: ["support"] },
  cargo: { files: "cargo/", may: ["units", "support"] },
  base: { files: "base/", may: ["units", "source", "support"] },
  engine: { files: "engine/", may: ["units", "support"] },
  edits: { files: "edits/", may: ["source", "units", "support"] },
  mirror: { files: "lanes/mirror/", may: ["edits", "source", "units", "support"] },
  overlay: { files: "lanes/overlay/", may: ["mirror", "edits", "source", "units", "support"] },
  patch: { files: "lanes/patch/", may: ["mirror", "edits", "source", "units", "support"] },
  lanes: {
    files: "lanes/[^/]+$",
    may: ["mirror", "overlay", "patch", "edits", "source", "engine", "units", "support"],
  },
  generation: { files: "generation\\.ts$", may: ["units", "support"] },
  recovery: { files: "recovery\\.ts$", may: ["engine", "cargo", "units", "support"] },
  publications: { files: "publications\\.ts$", may: ["engine", "generation", "units", "support"] },
  frontEnd: {
    files: "frontEnd\\.ts$",
    may: ["publications", "generation", "lanes", "edits", "engine", "cargo", "units", "support"],
  },
  workspace: {
    files: "workspace\\.ts$",
    may: [
      ...["generation", "recovery", "publications", "frontEnd"],
      ...["lanes", "edits", "engine", "base", "cargo", "units", "support"],
    ],
  },
  kept: { files: "keptCurrent\\.ts$", may: ["workspace", "watch", "cargo", "units", "support"] },
};

const roomRules = Object.entries(rooms).map(([name, { files, may }]) => ({
  name: `core-${name}`,
  severity: "error",
  comment: `core's ${name} may import ${may.length === 0 ? "no other room" : may.join(", ")}`,
  from: { path: core + files },
  to: { path: "^server/src/", pathNot: [name, ...may].map((room) => core + rooms[room].files) },
}));

/** Everything below `from` may import these parts of ours, and no other. */
function only(name, comment, from, ...allowed) {
  return {
    name,
    severity: "error",
    comment,
    from: { path: from },
    to: { path: "^(client|server|shared|bench|test)/", pathNot: allowed },
  };
}

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    { name: "no-circle", severity: "error", comment: "no file needs itself", from: {}, to: { circular: true } },
    ...roomRules,
    {
      name: "core-file-without-room",
      severity: "error",
      comment: "a file of the core that no rule above speaks of may not be imported",
      from: {},
      to: { path: core, pathNot: Object.values(rooms).map(({ files }) => core + files) },
    },
    only("shared", "what crosses a boundary knows neither side", "^shared/", "^shared/"),
    only("client", "the client asks the server; it imports nothing of it", "^client/", "^client/", "^shared/"),
    only("core", "the core knows neither who calls it nor the editor", core, core, "^shared/"),
    only("cli", "the command line builds on the core", "^server/src/cli/", "^server/src/(cli|core)/", "^shared/"),
    only("lsp", "the language server builds on the core", "^server/src/lsp/", "^server/src/(lsp|core)/", "^shared/"),
    {
      name: "front-ends-see-no-lane",
      severity: "error",
      comment: "which lane an edit takes, and what a base image is, is the core's own affair",
      from: { path: "^server/src/(cli|lsp)/" },
      to: { path: core + "(lanes|edits|base)/" },
    },
    only(
      "lsp-protocol",
      "what all of the language server builds on",
      "^server/src/lsp/protocol/",
      ...["^server/src/lsp/protocol/", core, "^shared/"],
    ),
    only(
      "lsp-build",
      "what keeps the projects current knows no feature",
      "^server/src/lsp/build/",
      ...["^server/src/lsp/(build|protocol)/", core, "^shared/"],
    ),
    only(
      "lsp-features",
      "features are put together by the server alone",
      "^server/src/lsp/features/",
      ...["^server/src/lsp/(features|build|protocol)/", core, "^shared/"],
    ),
    only(
      "shim",
      "it starts once for every unit, so every file that it loads costs",
      "^server/src/shim/",
      ...["^server/src/shim/", core + "(support|units)/", core + "cargo/(shims|hosts|scriptRun)\\.ts$"],
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    // Types of libraries are none of ours.
    exclude: { path: "^(node_modules|dist|engine)/" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".mjs"] },
  },
};
