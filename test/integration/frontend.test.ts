import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bases } from "../../server/src/core/base/baseImage.js";
import { type Captured, capture } from "../../server/src/core/cargo/capture.js";
import { loadMetadata } from "../../server/src/core/cargo/cargo.js";
import { type CrateLaneResult, crateLane } from "../../server/src/core/lanes/crateLane.js";
import { fileTime } from "../../server/src/core/support/stamps.js";
import { changedCargoInput } from "../../server/src/core/cargo/inputs.js";
import type { UnitMessages } from "../../server/src/core/units/unitMessages.js";
import { Layout } from "../../server/src/core/support/layout.js";
import { UnitRecords } from "../../server/src/core/units/records.js";
import type { CargoSelection } from "../../server/src/core/cargo/selection.js";
import { type UnitRecord, loadUnit } from "../../server/src/core/units/record.js";
import { Unsupported } from "../../server/src/core/support/errors.js";
import type { ProgramInterface } from "../../shared/src/protocol.js";
import { ROOT } from "../support/repository.js";
import { Project, WORKSPACE } from "./project.js";

let project: Project;
let layout: Layout;
let captured: Captured;

async function captureIt(command: CargoSelection["command"], targets: string[]): Promise<Captured> {
  const selection: CargoSelection = {
    kind: "cargo",
    command,
    cwd: project.dir,
    manifestPath: undefined,
    targets,
    features: [],
    profile: undefined,
    global: [],
  };
  const metadata = await loadMetadata(selection, [], project.env);
  layout = new Layout(path.join(metadata.target_directory, "cranefly"));
  return capture(layout, selection, metadata, fileTime(layout.private), {
    env: project.env,
    shimBundle: path.join(ROOT, "dist", "shim.cjs"),
    color: false,
    quiet: true,
    isNews: false,
    messagesOf: () => ({
      ...silent,
      add: (diagnostic) => {
        throw new Error(diagnostic.rendered ?? diagnostic.message);
      },
    }),
    onProgress: () => undefined,
  });
}

const nothing = (): void => undefined;
const silent: UnitMessages = { add: nothing, finished: nothing, failed: nothing };

function lane(): Promise<CrateLaneResult> {
  return crateLane(layout, new UnitRecords(layout), captured.state.units, {
    env: project.env,
    wrapper: "",
    jobs: 2,
    messagesOf: () => silent,
    onStart: nothing,
  });
}

function closure(): UnitRecord[] {
  return (captured.state.programs[0]?.closure ?? []).map((key) => {
    const unit = loadUnit(layout, key);
    if (unit === undefined) throw new Error(`no record of ${key}`);
    return unit;
  });
}

beforeAll(async () => {
  project = new Project("ünïcode", WORKSPACE);
  captured = await captureIt("run", ["-p", "app"]);
});
afterAll(() => project.remove());

describe("a capture", () => {
  it("compiles the workspace's libraries and programs to bitcode, and nothing else", () => {
    expect([...captured.compiled].sort()).toEqual(["app:app", "core-lib:lib", "util:lib"]);
    expect(closure().map((unit) => unit.invocation.id)).toEqual(["core-lib:lib", "app:app"]);
    for (const unit of closure()) {
      expect(unit.bitcode.length).toBeGreaterThan(0);
      for (const file of unit.bitcode) {
        expect(fs.readFileSync(file.path).subarray(0, 4).toString("latin1")).toBe("BC\u00c0\u00de");
      }
    }
  });

  it("learns from cargo how the program is started", () => {
    const [start] = captured.state.starts;
    expect(start).toMatchObject({ program: "debug/app", cwd: project.dir });
    expect(start?.env).toMatchObject({ CARGO_PKG_NAME: "app", CARGO_MANIFEST_DIR: project.path("app") });
    expect(start?.env).not.toHaveProperty("RUSTC_WRAPPER");
    expect(start?.libraryPath[0]).toBe(path.join(layout.root, "debug"));
  });

  it("leaves cargo content: a second one compiles nothing", async () => {
    expect((await captureIt("run", ["-p", "app"])).compiled).toEqual([]);
  });

  it("notes the tests in cargo's order, with their folders", async () => {
    const { state } = await captureIt("test", ["--workspace"]);
    expect(state.starts.map((start) => start.label)).toEqual([
      "unittests src/main.rs",
      "tests/it.rs",
      "unittests src/lib.rs",
      "unittests src/lib.rs",
      "unittests src/lib.rs",
    ]);
    expect(state.starts[1]?.cwd).toBe(project.path("app"));
    expect(state.docTests).toEqual(["core_lib", "mac", "util"]);
  });
});

describe("the base image", () => {
  const common: ProgramInterface = {
    defines: { main: "function" },
    needs: ["atexit", "puts"],
    initPriorities: [],
    finiPriorities: [],
    sections: [],
    weak: {},
    references: [],
  };
  const link = async (shared: ProgramInterface = common): Promise<string> => {
    const { toolchain, programs } = captured.state;
    const context = { layout, toolchain, bundleDir: path.join(ROOT, "dist"), env: project.env };
    const [program] = programs;
    if (program === undefined) throw new Error("there is no program");
    return (await new Bases(context, new UnitRecords(layout)).link(program, shared)).base;
  };

  it("leaves nothing where it cannot be linked", async () => {
    const folders = (): string[] => fs.readdirSync(layout.bases, { recursive: true, encoding: "utf8" });
    await link();
    const before = folders();
    // (No linker takes such a name.)
    await expect(link({ ...common, defines: { "a\nb": "function" } })).rejects.toThrow(Unsupported);
    expect(folders()).toEqual(before);
  });

  it("holds std and the registry's crates, and leaves the allocator to the program", async () => {
    const base = await link();
    const modified = fs.statSync(base).mtimeMs;
    expect(await link()).toBe(base);
    expect(fs.statSync(base).mtimeMs).toBe(modified);
    const symbols = execFileSync("nm", [base], { encoding: "utf8", maxBuffer: 1 << 28 }).split("\n");
    const has = (pattern: RegExp): boolean => symbols.some((symbol) => pattern.test(symbol));
    expect(has(/ D __cranefly_base_anchor$/)).toBe(true);
    expect(has(/ B __cranefly_tls_anchor$/)).toBe(true);
    expect(has(/ T rust_eh_personality$/)).toBe(true);
    expect(has(/ t atexit$/)).toBe(true);
    expect(has(/ [Tt] _R?.*4itoa/)).toBe(true);
    expect(has(/ U _R.*12___rust_alloc$/)).toBe(true);
    expect(has(/ [Tt] main$/)).toBe(false);
  });

  it("can be loaded although nobody defines the allocator", async () => {
    const base = await link();
    const source = project.path("load.c");
    fs.writeFileSync(
      source,
      '#include <dlfcn.h>\n#include <stdio.h>\nint main(int n, char **v) { void *h = dlopen(v[n - 1], RTLD_NOW); if (!h) { puts(dlerror()); return 1; } return *(char *)dlsym(h, "__cranefly_base_anchor") != 1; }\n',
    );
    execFileSync("cc", ["-o", project.path("load"), source, "-ldl"]);
    expect(execFileSync(project.path("load"), [base], { encoding: "utf8" })).toBe("");
  });
});

describe("the crate lane", () => {
  it("starts nothing when nothing changed, not even for a touched file", async () => {
    expect(changedCargoInput(captured.state, project.env)).toBeUndefined();
    fs.utimesSync(project.path("app/src/main.rs"), new Date(), new Date());
    expect(await lane()).toMatchObject({ ok: true, compiled: [], failed: [] });
  });

  it("compiles the changed unit alone, and keeps the files of unchanged codegen units", async () => {
    const inodes = (): Set<number> =>
      new Set(closure().flatMap((unit) => unit.bitcode.map((f) => fs.statSync(f.path).ino)));
    const before = inodes();
    project.edit("app/src/main.rs", '"hello"', '"good day"');
    const result = await lane();
    expect(result.compiled.map((unit) => unit.id)).toEqual(["app:app"]);
    expect(result.compiled[0]?.reason).toContain("main.rs changed");
    const fresh = [...inodes()].filter((inode) => !before.has(inode));
    expect(fresh).toHaveLength(1);
  });

  it("compiles dependents of a changed library after it", async () => {
    project.edit("crates/core-lib/src/lib.rs", "n: u64", "n: u32");
    const result = await lane();
    expect(result.compiled.map((unit) => unit.id)).toEqual(["core-lib:lib", "app:app"]);
  });

  it("keeps the last good result when a unit does not compile", async () => {
    const good = closure().map((unit) => unit.bitcode);
    project.edit("crates/core-lib/src/lib.rs", "n: u32", "n: Nonsense");
    expect(await lane()).toMatchObject({ ok: false, failed: ["core-lib:lib"] });
    expect(closure().map((unit) => unit.bitcode)).toEqual(good);
    project.edit("crates/core-lib/src/lib.rs", "n: Nonsense", "n: u32");
    expect(await lane()).toMatchObject({ ok: true, failed: [] });
  });

  it("does not trust metadata that a later, broken run wrote", async () => {
    const metadata = closure()[0]?.metadata?.path ?? "";
    // Another file, as rustc would write: the old one is also part of rustc's incremental session.
    fs.rmSync(metadata);
    fs.writeFileSync(metadata, "broken");
    const result = await lane();
    expect(result.compiled.map((unit) => unit.id)).toContain("core-lib:lib");
    expect(result.ok).toBe(true);
  });

  it("stops when a newer save overtakes it", async () => {
    project.edit("app/src/main.rs", '"good day"', '"good night"');
    const controller = new AbortController();
    const work = crateLane(layout, new UnitRecords(layout), captured.state.units, {
      env: project.env,
      wrapper: "",
      jobs: 2,
      signal: controller.signal,
      messagesOf: () => silent,
      onStart: () => setTimeout(() => controller.abort(), 5),
    });
    await expect(work).rejects.toThrow("overtaken");
    expect((await lane()).compiled.map((unit) => unit.id)).toEqual(["app:app"]);
  });
});

describe("the cargo lane is taken", () => {
  const check = (change: () => void, undo: () => void, pattern: RegExp): void => {
    change();
    try {
      expect(changedCargoInput(captured.state, project.env)).toMatch(pattern);
    } finally {
      undo();
    }
    expect(changedCargoInput(captured.state, project.env)).toBeUndefined();
  };
  const edited = (file: string, pattern: RegExp): void => {
    const text = fs.readFileSync(project.path(file), "utf8");
    check(
      () => project.write(file, `${text}\n`),
      () => project.write(file, text),
      pattern,
    );
  };
  const created = (file: string, text: string, pattern: RegExp): void =>
    check(
      () => project.write(file, text),
      () => fs.rmSync(project.path(file)),
      pattern,
    );

  it("for a manifest", () => edited("app/Cargo.toml", /Cargo\.toml/));
  it("for a build script", () => edited("app/build.rs", /build\.rs/));
  it("for a procedural macro", () => edited("crates/mac/src/lib.rs", /mac/));
  it("for a library that a build script and a procedural macro link", () => edited("crates/util/src/lib.rs", /util/));
  it("for configuration", () => created(".cargo/config.toml", "", /config\.toml/));
  it("for the toolchain", () => created("rust-toolchain.toml", '[toolchain]\nchannel = "stable"\n', /toolchain/));
  it("for a new program", () => created("app/src/bin/other.rs", "fn main() {}\n", /targets/));
});
