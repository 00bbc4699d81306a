/** Options of cargo's that not every command of cargo's takes, or that reach the programs. */
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";

describe.runIf(HAS_ENGINE)("options", () => {
  let project: Project;
  beforeAll(() => {
    project = new Project("options", {
      "Cargo.toml":
        '[package]\nname = "options"\nversion = "0.1.0"\nedition = "2021"\nrust-version = "1.999"\n[[test]]\nname = "own"\nharness = false\n[workspace]\n',
      "src/lib.rs": "#[test]\nfn passes() {}\n",
      "src/main.rs": 'fn main() {\n    println!("ran");\n}\n',
      "tests/own.rs": 'fn main() {\n    println!("{:?}", std::env::args().skip(1).collect::<Vec<_>>());\n}\n',
    });
  });
  afterAll(() => project.remove());

  it("of builds alone are kept from other commands", () => {
    expect(project.cranefly(["run", "-q"]).stderr).toContain("1.999");
    expect(project.cranefly(["run", "-q", "-j", "1", "--ignore-rust-version"])).toEqual({
      code: 0,
      signal: null,
      stdout: "ran\n",
      stderr: "",
    });
  });

  it("reach test programs as cargo passes them on, with a harness of libtest's or of their own", () => {
    // A runner shows what the programs would get.
    project.env["CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER"] = "echo";
    const args = ["test", "-q", "--ignore-rust-version", "--lib", "--tests", "some", "--", "--nocapture"];
    const passed = (text: string): string[] =>
      text.split("\n").map((line) => path.basename(line).replace(/-[0-9a-f]{16}/, ""));
    const { stdout, stderr } = project.cranefly(args);
    expect(passed(stdout)).toEqual(passed(project.cargo(args).stdout));
    expect(passed(stdout)).toContain("own some --nocapture");
    expect(stderr).not.toContain("falling back");
  });
});
