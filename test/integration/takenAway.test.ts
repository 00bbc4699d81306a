/** Whatever is taken away from a build, or damaged, is made anew by the next save, whose program is right. */
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { walk } from "../../server/src/core/support/stamps.js";
import { HAS_ENGINE, Project, WORKSPACE } from "./project.js";
import { Session } from "./session.js";

const OWN = "target/cranefly/.cranefly";

describe.runIf(HAS_ENGINE)("a build from which something is taken away", () => {
  let session: Session;
  let project: Project;
  let edits = 0;
  beforeAll(async () => {
    project = new Project("taken away", WORKSPACE);
    session = await Session.of(project, ["app/src/main.rs"]);
    await session.follow();
  });
  afterAll(() => session.remove());

  const files = (folder: string, pattern: RegExp): string[] => {
    const found = walk(project.path(folder), { nestedPackages: true, everything: true });
    const wanted = found.filter((file) => pattern.test(path.relative(project.dir, file)));
    expect(wanted).not.toEqual([]);
    return wanted;
  };
  const remove = (...folders: string[]): void => {
    for (const folder of folders) fs.rmSync(project.path(folder), { recursive: true });
  };
  /** Each file by one of its names. */
  const once = (all: readonly string[]): readonly string[] => {
    return [...new Map(all.map((file) => [fs.statSync(file).ino, file])).values()];
  };
  const removeAll = (folder: string, pattern: RegExp): void =>
    files(folder, pattern).forEach((file) => fs.rmSync(file));
  const cut = (folder: string, pattern: RegExp): void =>
    once(files(folder, pattern)).forEach((file) => fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2)));
  /** Changes a bit in the middle; nothing else tells it, not even the time. */
  const flip = (folder: string, pattern: RegExp): void => {
    for (const file of once(files(folder, pattern))) {
      const { atime, mtime } = fs.statSync(file);
      const bytes = fs.readFileSync(file);
      const at = Math.floor(bytes.length / 2);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
      const descriptor = fs.openSync(file, "r+");
      fs.writeSync(descriptor, bytes);
      fs.closeSync(descriptor);
      fs.utimesSync(file, atime, mtime);
    }
  };
  /** What the engine has read before it need not read again. */
  const ofNewEngine = async (damage: () => void): Promise<void> => {
    damage();
    await session.workspace.engine?.shutdown();
  };
  const outdate = (folder: string, pattern: RegExp): void =>
    files(folder, pattern).forEach((file) => {
      fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(/"version":\d+/, '"version":1'));
    });

  it.each<[string, () => void | Promise<void>]>([
    ["the target directory", () => remove("target")],
    ["all of Cranefly's own", () => remove(OWN)],
    ["the images and the engine's socket", () => remove(".run/cranefly-images", ".run/cranefly")],
    ["half of each record", () => cut(OWN, /unit\.json$/)],
    ["what was announced", () => removeAll(OWN, /outputs\.json$|announced\//)],
    ["the state of this version", () => outdate(OWN, /selections\//)],
    ["half of the bitcode", () => cut(OWN, /\.bc$/)],
    ["single bits of the bitcode", () => ofNewEngine(() => flip(OWN, /\.bc$/))],
    ["single bits of one unit's bitcode", () => ofNewEngine(() => flip(OWN, /core_lib-[^/]*\/bc-\d+\/.*\.bc$/))],
    ["the digests of the bitcode", () => removeAll(OWN, /digests\.json$/)],
    ["the base image", () => remove(`${OWN}/base`)],
    ["half of the base image", () => cut(OWN, /libbase\.so$/)],
    ["the program", () => remove("target/cranefly/debug/app")],
    ["half of its libraries' metadata", () => cut("target/cranefly/debug/deps", /lib(core_lib|util)-.*\.rmeta$/)],
    ["the libraries from elsewhere", () => removeAll("target/cranefly/debug/deps", /libitoa.*\.rlib$/)],
    ["half of the incremental sessions", () => cut("target/cranefly/debug/incremental", /./)],
    ["a build script's output", () => removeAll("target/cranefly/debug/build", /gen\.rs$/)],
  ])("has %s back with the next save", async (_, damage) => {
    await damage();
    const report = await session.save(["app/src/main.rs", `hello${edits === 0 ? "" : edits}"`, `hello${edits + 1}"`]);
    edits++;
    expect(report.ok).toBe(true);
    const expected = `hello${edits} 42 MACRO BUILT 7\nErr(NotPresent) false\n[]\n`;
    expect(session.output()).toBe(expected);
    await session.follow();
    expect(session.output()).toBe(expected);
  });

  it("follows a procedural macro without the notes of what cargo runs", async () => {
    remove(`${OWN}/hosts.tsv`);
    await session.save(["app/build.rs", "fn main() {", "\nfn main() {"]);
    await session.save(["crates/mac/src/lib.rs", '"macro"', '"spell"']);
    expect(session.output()).toContain("42 SPELL BUILT 7");
  });
});
