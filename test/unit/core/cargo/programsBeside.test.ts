/** The programs beside tests, which several runs of tests share with each other and with cargo. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ProgramsBesideTests } from "../../../../server/src/core/cargo/programsBeside.js";
import type { SelectionState } from "../../../../server/src/core/cargo/selection.js";

describe("the programs beside tests", () => {
  let target: string;
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(target, file)), { recursive: true });
    fs.writeFileSync(path.join(target, file), text);
  };
  const read = (file: string): string | undefined => {
    return fs.existsSync(path.join(target, file)) ? fs.readFileSync(path.join(target, file), "utf8") : undefined;
  };
  const state = (): SelectionState => {
    const programs = ["debug/app", "debug/deps/tests"].map((name) => ({
      name,
      executable: path.join(target, "cranefly", name),
    }));
    return { programs, starts: [{ program: "debug/deps/tests" }] } as unknown as SelectionState;
  };
  const run = async (): Promise<ProgramsBesideTests> => {
    const programs = new ProgramsBesideTests();
    await programs.place(state());
    return programs;
  };
  /** The process of all that run is gone. */
  const kill = (): void => {
    const occupancy = "cranefly/.cranefly/beside/debug/app/occupancy.json";
    write(occupancy, (read(occupancy) ?? "").replace(/"started":"\d+"/g, '"started":"0"'));
  };

  beforeEach(() => {
    target = fs.mkdtempSync(path.join(os.tmpdir(), "beside-"));
    write("cranefly/debug/app", "ours");
    write("debug/app", "the user's");
  });
  afterEach(() => fs.rmSync(target, { recursive: true }));

  it("are there until the last run ends, whoever began", async () => {
    const first = await run();
    const second = await run();
    expect(read("debug/app")).toBe("ours");
    expect(read("debug/deps/tests")).toBeUndefined();
    await first.end();
    expect(read("debug/app")).toBe("ours");
    await second.end();
    expect(read("debug/app")).toBe("the user's");
  });

  it("give way to what was there, however often they were others meanwhile", async () => {
    const first = await run();
    write("cranefly/debug/app", "newer");
    const second = await run();
    expect(read("debug/app")).toBe("newer");
    write("cranefly/debug/app", "newest");
    await first.place(state());
    expect(read("debug/app")).toBe("newest");
    await second.end();
    first.endNow();
    expect(read("debug/app")).toBe("the user's");
    expect(fs.readdirSync(path.join(target, "debug"))).toEqual(["app"]);
  });

  it("are not taken for the user's own after a run that was killed", async () => {
    await run();
    kill();
    write("cranefly/debug/app", "newer");
    await (await run()).end();
    expect(read("debug/app")).toBe("the user's");
  });

  it("are removed again where there was nothing", async () => {
    fs.rmSync(path.join(target, "debug/app"));
    await run();
    kill();
    await (await run()).end();
    expect(read("debug/app")).toBeUndefined();
  });

  it("leave what cargo builds meanwhile", async () => {
    const first = await run();
    write("debug/app", "cargo's next");
    await first.end();
    expect(read("debug/app")).toBe("cargo's next");
    const second = await run();
    write("debug/app", "another one");
    const third = await run();
    expect(read("debug/app")).toBe("ours");
    await second.end();
    await third.end();
    expect(read("debug/app")).toBe("another one");
  });
});
