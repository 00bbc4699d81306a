/** What the engine says of instances, where what it reads for them is damaged. */
import { describe, expect, it } from "vitest";
import type { UnitEdit } from "../../../../server/src/core/edits/baseline.js";
import type { Engine } from "../../../../server/src/core/engine/client.js";
import { EngineError } from "../../../../server/src/core/engine/errors.js";
import { instantiatorsOf } from "../../../../server/src/core/lanes/instantiators.js";
import type { SourceCache } from "../../../../server/src/core/source/sourceCache.js";
import type { Program } from "../../../../server/src/core/units/program.js";
import type { UnitRecord } from "../../../../server/src/core/units/record.js";
import type { UnitRecords } from "../../../../server/src/core/units/records.js";

const RECORD = {
  invocation: { key: "a-1", id: "a:a", command: ["rustc"], args: ["--crate-name", "a", "a.rs"], cwd: "/a", env: {} },
  crate: "a",
  bitcode: [],
  inputs: [],
} as unknown as UnitRecord;
const RECORDS = { all: () => [RECORD], get: () => RECORD } as unknown as UnitRecords;
const PROGRAM: Program = {
  name: "debug/a",
  executable: "/target/debug/a",
  unit: "a-1",
  closure: ["a-1"],
  base: "/target/base/1/libbase.so",
};
const EDIT = { record: RECORD, files: [{ file: "/a/a.rs", ranges: [{ generic: true }] }] } as unknown as UnitEdit;
const SOURCES = undefined as unknown as SourceCache;

describe("instantiators", () => {
  const ask = (error: Error): Promise<unknown> => {
    const engine = { instantiators: () => Promise.reject(error) } as unknown as Engine;
    return instantiatorsOf("/target", RECORDS, [PROGRAM], [EDIT], engine, SOURCES);
  };

  it("of a program that is damaged on disk say what is to be made anew", async () => {
    const units = ask(new EngineError("short", "damaged", { units: ["a:a"] }));
    await expect(units).rejects.toMatchObject({ name: "DamagedProgram", base: "", units: ["a-1"] });
    const base = ask(new EngineError("gone", "base"));
    await expect(base).rejects.toMatchObject({ name: "DamagedProgram", base: PROGRAM.base });
    await expect(ask(new EngineError("other", "other"))).rejects.toMatchObject({ kind: "other" });
    expect(await ask(new EngineError("no", "bodyLane"))).toMatchObject({ kind: "engine" });
  });
});
