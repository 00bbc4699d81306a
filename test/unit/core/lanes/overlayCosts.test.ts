/** When an overlay is not worth it. */
import { expect, it } from "vitest";
import { OverlayCosts } from "../../../../server/src/core/lanes/choice.js";

const costs = (crate: number | undefined, overlay: number | undefined): OverlayCosts => {
  const made = new OverlayCosts();
  if (crate !== undefined) made.crateTook("unit", crate);
  if (overlay !== undefined) made.overlayTook("unit", overlay);
  return made;
};

it("is too slow if it takes nearly what the crate takes, and both are known", () => {
  expect(costs(10_000, 9_000).isTooSlow("unit")).toBe(true);
  expect(costs(10_000, 7_000).isTooSlow("unit")).toBe(false);
  expect(costs(undefined, 9_000).isTooSlow("unit")).toBe(false);
  expect(costs(10_000, undefined).isTooSlow("unit")).toBe(false);
  expect(costs(10_000, 9_000).isTooSlow("another")).toBe(false);
});

it("is never too slow where all is over at once", () => {
  expect(costs(300, 900).isTooSlow("unit")).toBe(false);
});

it("is tried again by and by", () => {
  const slow = costs(10_000, 12_000);
  for (let i = 0; i < 16; i++) expect(slow.isTooSlow("unit")).toBe(true);
  expect(slow.isTooSlow("unit")).toBe(false);
  expect(slow.isTooSlow("unit")).toBe(true);
  slow.overlayTook("unit", 5_000);
  expect(slow.isTooSlow("unit")).toBe(false);
});

it("goes by the best times, which a busy machine did not make worse", () => {
  const busy = costs(10_000, 6_000);
  busy.overlayTook("unit", 30_000);
  busy.crateTook("unit", 25_000);
  expect(busy.isTooSlow("unit")).toBe(false);
});
