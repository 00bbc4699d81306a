import { expect, it } from "vitest";
import { replayOrder } from "../../../../server/src/core/lanes/replayOrder.js";

const unit = (key: string, ...uses: string[]): { key: string; uses: string[] } => ({ key, uses });

it("says again first what most units wait for, and of equal units what became ready last", () => {
  // As cargo 1.95 does: the libraries, then what uses them, then the libraries' own tests.
  const order = replayOrder([
    unit("b"),
    unit("b tests"),
    unit("a", "b", "registry"),
    unit("a tests", "b"),
    unit("a bin", "a", "b"),
    unit("a bin tests", "a", "b"),
  ]);
  expect(order.slice(0, 2)).toEqual(["b", "a"]);
  expect(order.slice(2, 4).sort()).toEqual(["a bin", "a bin tests"]);
  expect(order.slice(4)).toEqual(["a tests", "b tests"]);
});

it("leaves nobody out", () => {
  expect(replayOrder([])).toEqual([]);
  expect(replayOrder([unit("one", "elsewhere"), unit("two", "one", "one")])).toEqual(["one", "two"]);
});
