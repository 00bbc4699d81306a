/** A library whose compiler is not done when what uses it is: cargo needs no more than its metadata to go on. */
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";

const manifest = (name: string, more = ""): string =>
  `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n${more}`;
const FILES = {
  "Cargo.toml": `${manifest("held", 'slow = { path = "slow" }\nquick = { path = "quick" }\n')}[workspace]\n`,
  ".cargo/config.toml": '[build]\njobs = 2\nrustc-workspace-wrapper = "./hold.sh"\n',
  "src/main.rs": 'fn main() {\n    println!("{} {}", slow::name(), quick::name());\n}\n',
  "slow/Cargo.toml": manifest("slow"),
  "slow/src/lib.rs": 'pub fn name() -> &\'static str {\n    "slow"\n}\n',
  "quick/Cargo.toml": manifest("quick", 'slow = { path = "../slow" }\n'),
  "quick/src/lib.rs": 'pub fn name() -> String {\n    format!("faster than {}", slow::name())\n}\n',
};
/** Lets `slow` end when the record of `quick` is there. */
const HOLD = [
  "#!/bin/sh",
  '"$@" || exit',
  'case "$*" in *"--crate-name=slow "*) ;; *) exit ;; esac',
  'until ls "${0%/*}"/target/cranefly/.cranefly/units/quick-*/unit.json; do sleep 0.02; done >/dev/null 2>&1',
  "",
].join("\n");

describe.runIf(HAS_ENGINE)("a library whose compiler is held back", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("held", FILES);
    project.write("hold.sh", HOLD);
    fs.chmodSync(project.path("hold.sh"), 0o755);
  });
  afterAll(() => project.remove());

  it("is the workspace's own to what uses it", () => {
    expect(project.cranefly(["run", "-q"])).toMatchObject({ code: 0, stdout: "slow faster than slow\n", stderr: "" });
    // Nothing but its own edit makes anything be compiled.
    expect(project.cranefly(["run"]).stderr).toContain("(crate lane, 0 of ");
    project.edit("slow/src/lib.rs", '"slow"', '"slower"');
    expect(project.cranefly(["run", "-q"])).toMatchObject({ code: 0, stdout: "slower faster than slower\n" });
  });
});
