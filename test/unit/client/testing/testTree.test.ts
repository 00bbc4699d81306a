/** The Test Explorer's tree, the reconstruction of durations, and command lines. */
import { describe, expect, it } from "vitest";
import { BoundedText } from "../../../../client/src/testing/boundedText.js";
import { testArguments } from "../../../../client/src/testing/batches.js";
import { longestRun } from "../../../../client/src/testing/failureSections.js";
import { type Node, projectNodes } from "../../../../client/src/testing/testTree.js";
import { Schedule, libtestOrder, testThreads } from "../../../../client/src/testing/schedule.js";
import { TestLocations } from "../../../../server/src/lsp/features/tests/testLocations.js";
import type { TestHarness } from "../../../../shared/src/lsp.js";
import type { FunctionEntry } from "../../../../shared/src/report.js";

const HARNESS: TestHarness = {
  program: "debug/deps/some-1234",
  package: "some",
  target: "some",
  kind: "lib",
  label: "unittests src/lib.rs",
  uri: "file:///w/src/lib.rs",
  harness: true,
  tests: [],
  problem: undefined,
};

function harness(changes: Partial<TestHarness>, ...names: string[]): TestHarness {
  const tests = names.map((name) => ({ name, kind: "test", uri: HARNESS.uri, line: 1 }) as const);
  return { ...HARNESS, ...changes, tests };
}

/** "label(child child)" */
function shape(nodes: readonly Node[]): string {
  return nodes.map(({ label, children }) => (children.length > 0 ? `${label}(${shape(children)})` : label)).join(" ");
}

describe("the tree", () => {
  it("has packages, targets, modules and tests", () => {
    const nodes = projectNodes([
      harness({}, "tests::a", "tests::inner::b", "top"),
      harness({ kind: "test", target: "it", label: "tests/it.rs" }, "c"),
      harness({ package: "other" }, "d"),
    ]);
    expect(shape(nodes)).toBe("some(library(tests(inner(b) a) top) test it(c)) other(library(d))");
  });

  it("leaves out what has no tests, but not what could not be listed, or is one test as a whole", () => {
    const nodes = projectNodes([
      harness({}),
      harness({ kind: "bin", target: "app", problem: "it crashed" }),
      harness({ kind: "test", target: "whole", harness: false }),
    ]);
    expect(shape(nodes)).toBe("some(program app test whole)");
    expect(nodes[0]?.children[1]).toMatchObject({ kind: "test", test: undefined });
  });

  it("keeps names apart that are a module's and a test's at once", () => {
    const [target] = projectNodes([harness({}, "case", "case::one")])[0]?.children ?? [];
    expect(new Set(target?.children.map((node) => node.id)).size).toBe(2);
  });
});

describe("durations", () => {
  it("count from when there was room for the test", () => {
    const schedule = new Schedule(["a", "b", "c", "d"], 2, 1000);
    expect(schedule.active).toEqual(["a", "b"]);
    expect(schedule.finish("b", 1010)).toEqual({ duration: 10, began: ["c"] });
    expect(schedule.finish("c", 1050)).toEqual({ duration: 40, began: ["d"] });
    expect(schedule.finish("a", 1100).duration).toBe(100);
    expect(schedule.finish("d", 1101).duration).toBe(51);
    expect(schedule.finish("unknown", 1102).duration).toBeUndefined();
  });

  it("take a test that ends before its turn for a sign of more threads", () => {
    const schedule = new Schedule(["a", "b", "c"], 1, 0);
    expect(schedule.finish("c", 30)).toMatchObject({ duration: 30, began: ["b", "c"] });
    expect(schedule.active).toEqual(["a", "b"]);
  });

  it("are exact where libtest names a test before it runs it", () => {
    const schedule = new Schedule(["a", "b"], 1, 0);
    schedule.start("a", 5);
    expect(schedule.finish("a", 15).duration).toBe(10);
    schedule.start("b", 20);
    expect(schedule.finish("b", 21).duration).toBe(1);
  });

  it("depend on the threads that libtest takes, and its order", () => {
    expect(testThreads({ RUST_TEST_THREADS: "7" })).toBe(7);
    expect(testThreads({ RUST_TEST_THREADS: "0" })).toBeGreaterThan(0);
    expect(libtestOrder(["b", "a::z", "ä", "a"])).toEqual(["a", "a::z", "b", "ä"]);
  });
});

describe("command lines", () => {
  it("name no test when all are to be run", () => {
    expect(testArguments(["a", "b"], 2)).toEqual([[]]);
    expect(testArguments(["a"], 2)).toEqual([["--exact", "a"]]);
  });

  it("are split where they would be too long", () => {
    const names = Array.from({ length: 100 }, (_, index) => `tests::number_${index}`);
    const batches = testArguments(names, 101, 500);
    expect(batches.length).toBeGreaterThan(1);
    expect(batches.flatMap((batch) => batch.slice(1))).toEqual(names);
    expect(testArguments(["a".repeat(1000)], 2, 500)).toHaveLength(1);
  });
});

it("keeps the beginning and the end of long text", () => {
  const text = new BoundedText(10);
  for (let index = 0; index < 100; index++) text.push(`${index}\n`);
  expect(text.toString()).toMatch(/^0\n1\n[^]*\[… \d+ characters left out …\][^]*99\n$/);
  expect(text.toString().length).toBeLessThan(100);
  const short = new BoundedText(10);
  short.push("short");
  expect(short.toString()).toBe("short");
});

it("finds the longest run in order", () => {
  expect(longestRun([0, 6, 1, undefined, 2, 6])).toEqual([0, 2, 4, 5]);
  expect(longestRun([])).toEqual([]);
});

describe("places", () => {
  const entry = (name: string, line: number, file = "/w/src/lib.rs"): FunctionEntry => ({
    symbol: name,
    name,
    file,
    line,
    tier: "cranelift",
    construct: null,
    us: { parse: 0, hash: 0, translate: 0, compile: 0 },
    bytes: 0,
    status: "compiled",
    unit: "u",
  });
  const places = new TestLocations(
    [
      entry("some::tests::plain", 10),
      entry("some::tests::only_closure::{{closure}}", 20),
      entry("some[0123abcd]::tests::new_mangling", 25),
      entry("some::tests::cases", 30),
      entry("some::made::helper", 50),
      entry("some::made::first", 40, "src/made.rs"),
      entry("other::tests::elsewhere", 1),
    ],
    "some",
    "/w",
  );

  it("are those of the functions, or of what is left of them", () => {
    expect(places.of("tests::plain")).toEqual({ file: "/w/src/lib.rs", line: 9 });
    expect(places.of("tests::only_closure")?.line).toBe(19);
    expect(places.of("tests::new_mangling")?.line).toBe(24);
  });

  it("of what a macro made are those of what encloses it", () => {
    expect(places.of("tests::cases::case_1")?.line).toBe(29);
    expect(places.of("made::unseen::deep")?.line).toBe(49);
    expect(places.of("tests::elsewhere")?.line).toBe(9);
    expect(places.of("nowhere")).toBeUndefined();
  });
});
