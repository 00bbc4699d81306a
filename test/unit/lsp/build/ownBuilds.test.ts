import { expect, it } from "vitest";
import type { Metadata } from "../../../../server/src/core/cargo/cargo.js";
import type { CargoSelection } from "../../../../server/src/core/cargo/selection.js";
import { OwnBuilds } from "../../../../server/src/lsp/build/ownBuilds.js";

it("runs a package from its own build where cargo does not say which features it has", async () => {
  const metadata = {
    packages: ["one", "two"].map((name) => ({ name, id: name })),
    workspace_members: ["one", "two"],
  } as unknown as Metadata;
  const selection: CargoSelection = {
    ...{ kind: "cargo", command: "build", cwd: "/", manifestPath: undefined, profile: undefined },
    ...{ targets: [], features: [], global: [] },
  };
  const warnings: string[] = [];
  const builds = new OwnBuilds(() => ({
    metadata: () => Promise.resolve(metadata),
    metadataNow: () => metadata,
    selectionOf: () => selection,
    env: { CARGO: "/bin/false" },
    log: { info: () => undefined, warn: (text: string) => void warnings.push(text) } as never,
  }));
  expect(await builds.of("build", "one")).toBe("build:one");
  expect(warnings).toHaveLength(1);
  // It is asked again.
  expect(builds.now("build", "one")).toBeUndefined();
});
