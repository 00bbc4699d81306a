/** What cargo has built for Cranefly and what of it may be lent to cargo's own builds. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Metadata } from "../../../../server/src/core/cargo/cargo.js";
import { lendToCargo } from "../../../../server/src/core/cargo/lend.js";
import { Layout } from "../../../../server/src/core/support/layout.js";

const NAME = "one-0000000000000001";
const USER = "two-0000000000000002";
const RUN = "ask-0000000000000003";
const SCRIPT = "ask-0000000000000004";

describe("lending to cargo", () => {
  let target: string;
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(target, file)), { recursive: true });
    fs.writeFileSync(path.join(target, file), text);
  };
  const read = (file: string): string => fs.readFileSync(path.join(target, file), "utf8");
  const isThere = (file: string): boolean => fs.existsSync(path.join(target, file));

  /** Fingerprints are numbers of 64 bits, lowest byte first; these are beyond what a double can tell apart to the last bit. */
  const fingerprint = (unit: string): bigint => 0x7fff_ffff_0000_0000n + BigInt(unit.at(-1) ?? "0") * 0x1_0000n;
  const note = (unit: string, kind: string, uses: readonly string[] = []): void => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(fingerprint(unit));
    const deps = uses.map((used) => `[1,"used",false,${fingerprint(used)}]`).join(",");
    write(`cranefly/debug/.fingerprint/${unit}/${kind}`, bytes.toString("hex"));
    write(`cranefly/debug/.fingerprint/${unit}/${kind}.json`, `{"deps":[${deps}]}`);
  };
  const library = (unit: string, uses: readonly string[] = [], end = "rlib"): void => {
    note(unit, `lib-${unit.slice(0, 3)}`, uses);
    write(`cranefly/debug/deps/lib${unit}.${end}`, `${unit} here`);
    write(`cranefly/debug/deps/lib${unit}.rmeta`, `${unit} in short`);
  };
  const script = (output: string): void => {
    note(SCRIPT, "build-script-build-script-build");
    write(`cranefly/debug/build/${SCRIPT}/build_script_build-0000000000000004`, "");
    note(RUN, "run-build-script-build-script-build", [SCRIPT]);
    write(`cranefly/debug/build/${RUN}/output`, output);
    fs.mkdirSync(path.join(target, `cranefly/debug/build/${RUN}/out`));
  };
  const packages = ["mine", "one", "two", "ask"].map((name) => ({
    name,
    source: name === "mine" ? null : "registry",
    targets: [{ name, kind: ["lib"], crate_types: ["lib"] }],
  }));
  const lend = (signal?: AbortSignal): Promise<number> =>
    lendToCargo(
      new Layout(path.join(target, "cranefly")),
      { packages, target_directory: target } as unknown as Metadata,
      signal,
    );
  /** The units that cargo takes for built. */
  const lent = async (): Promise<string[]> => {
    await lend();
    const notes = path.join(target, "debug/.fingerprint");
    return fs.existsSync(notes) ? fs.readdirSync(notes).sort() : [];
  };

  beforeEach(() => {
    target = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "lend-")));
    write("cranefly/debug/mine", "a program");
    write("cranefly/debug/mine.d", "");
    library(NAME);
    library(USER, [NAME]);
  });
  afterEach(() => fs.rmSync(target, { recursive: true }));

  it("gives other packages' libraries, once", async () => {
    expect(await lend()).toBe(2);
    expect(read(`debug/deps/lib${USER}.rlib`)).toBe(`${USER} here`);
    expect(fs.readdirSync(path.join(target, "debug/.fingerprint"))).toEqual([NAME, USER]);
    expect(await lend()).toBe(0);
  });

  it("leaves units that are not complete, and what uses them", async () => {
    write(`cranefly/debug/.fingerprint/${NAME}/lib-one`, "");
    expect(await lent()).toEqual([]);
    note(NAME, "lib-one");
    fs.rmSync(path.join(target, `cranefly/debug/.fingerprint/${NAME}/lib-one.json`));
    expect(await lent()).toEqual([]);
    fs.rmSync(path.join(target, `cranefly/debug/.fingerprint/${NAME}`), { recursive: true });
    expect(await lent()).toEqual([]);
    library(NAME);
    fs.rmSync(path.join(target, `cranefly/debug/deps/lib${NAME}.rlib`));
    expect(await lent()).toEqual([]);
  });

  it("leaves what uses the user's own packages", async () => {
    library("mine-0000000000000005");
    library(NAME, ["mine-0000000000000005"]);
    expect(await lent()).toEqual([]);
  });

  it("gives runs of scripts that only ask", async () => {
    script("cargo:rustc-cfg=asked\ncargo::rerun-if-changed=build.rs\nsome words\n");
    library(NAME, [RUN]);
    expect(await lent()).toEqual([RUN, SCRIPT, NAME, USER]);
    expect(fs.readdirSync(path.join(target, `debug/build/${RUN}`))).toEqual(["out", "output"]);
  });

  it.each([
    ["that write into OUT_DIR", "", `debug/build/${RUN}/out/cache.txt`],
    ["that write beside it", "", `debug/build/${RUN}/cache.txt`],
    ["where one has written into the profile's folder", "", "debug/libonnxruntime.so.1"],
    ["where one has written among the libraries", "", "debug/deps/libonnxruntime.so"],
    ["where one has written into the target directory", "", "onnxruntime/lib.so"],
    ["that say what to link", "cargo:rustc-link-lib=dylib=onnxruntime\n", undefined],
    ["that say something to other scripts", "  cargo::metadata=root=/somewhere\n", undefined],
    ["that name a place here", "cargo::rerun-if-changed=TARGET/cranefly/debug/file\n", undefined],
  ])("leaves runs of scripts %s, and what uses them", async (_, output, file) => {
    script(`cargo:rustc-cfg=asked\n${output.replace("TARGET", target)}`);
    library(NAME, [RUN]);
    if (file !== undefined) write(`cranefly/${file}`, "");
    expect(await lent()).toEqual([SCRIPT]);
  });

  it.each([
    ["a library without a note", `debug/deps/lib${NAME}.rlib`],
    ["what rustc read for it", "debug/deps/one-0000000000000001.d"],
    ["an empty note", `debug/.fingerprint/${NAME}/lib-one`],
    ["a folder of its script", `debug/build/${NAME}/output`],
  ])("leaves units of which there is %s already, and what uses them", async (_, file) => {
    write(file, "older");
    await lend();
    expect(read(file)).toBe("older");
    expect(isThere(`debug/.fingerprint/${NAME}/lib-one.json`)).toBe(false);
    expect(isThere(`debug/.fingerprint/${USER}`)).toBe(false);
  });

  it("gives what uses a library that is there only where the two are the same", async () => {
    const ofCargo = (text: string): void => {
      for (const name of ["lib-one", "lib-one.json"]) {
        write(`debug/.fingerprint/${NAME}/${name}`, read(`cranefly/debug/.fingerprint/${NAME}/${name}`));
      }
      write(`debug/deps/lib${NAME}.rlib`, "with other code");
      write(`debug/deps/lib${NAME}.rmeta`, text);
    };
    ofCargo(`${NAME} on long`);
    expect(await lent()).toEqual([NAME]);
    ofCargo(`${NAME} in short`);
    expect(await lent()).toEqual([NAME, USER]);
    expect(read(`debug/deps/lib${NAME}.rlib`)).toBe("with other code");
  });

  it("gives copies of what linkers make, with their times", async () => {
    library(NAME, [], "so");
    const [from, to] = ["cranefly/debug", "debug"].map((folder) => path.join(target, folder, `deps/lib${NAME}.so`));
    fs.utimesSync(from ?? "", 1000, 1000);
    await lend();
    fs.writeFileSync(to ?? "", "linked anew", { flag: "r+" });
    expect(read(`cranefly/debug/deps/lib${NAME}.so`)).toBe(`${NAME} here`);
    library("two-0000000000000006", [], "so");
    const other = path.join(target, "cranefly/debug/deps/libtwo-0000000000000006.so");
    fs.utimesSync(other, 1000, 1000);
    await lend();
    expect(fs.statSync(other.replace("cranefly/", "")).mtimeMs).toBe(1_000_000);
  });

  it("gives nothing while cargo builds there", async () => {
    write("debug/.cargo-lock", "");
    const lock = path.join(target, "debug/.cargo-lock");
    const holder = spawn("flock", [lock, "sh", "-c", "echo; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    expect(await lend()).toBe(0);
    expect(isThere("debug/deps")).toBe(false);
    holder.stdin.end();
    await once(holder, "exit");
    expect(await lend()).toBe(2);
  });

  it("gives nothing to a change that another one has overtaken", async () => {
    const ended = new AbortController();
    ended.abort();
    await expect(lend(ended.signal)).rejects.toThrow();
    expect(isThere("debug")).toBe(false);
  });

  it("leaves nothing of a unit that cannot be lent as a whole, and says why", async () => {
    // A file where a folder has to be.
    write("debug/build", "");
    write(`cranefly/debug/build/${NAME}/file`, "");
    await expect(lend()).rejects.toThrow(/EEXIST|ENOTDIR/);
    expect(fs.readdirSync(path.join(target, "debug/deps"))).toEqual([]);
    expect(isThere(`debug/.fingerprint/${NAME}`)).toBe(false);
  });
});
