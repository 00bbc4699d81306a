/** How numbers are written for the user. */
import { describe, expect, it } from "vitest";
import {
  bandOf,
  bytes,
  code,
  count,
  micros,
  millis,
  number,
  plain,
  shorten,
} from "../../../../server/src/lsp/features/format.js";

describe("numbers", () => {
  it.each([
    [0, "0 µs"],
    [0.4, "<1 µs"],
    [1.234, "1.23 µs"],
    [21.42, "21.4 µs"],
    [214.4, "214 µs"],
    [999.4, "999 µs"],
    [999.6, "1 ms"],
    [1240, "1.24 ms"],
    [12_000, "12 ms"],
    [999_700, "1 s"],
    [3_500_000, "3.5 s"],
    [65_000_000, "65 s"],
  ])("writes %d µs as %s", (us, text) => expect(micros(us)).toBe(text));

  it.each([
    [0, "0 B"],
    [312, "312 B"],
    [1023, "1023 B"],
    [1024, "1 KB"],
    [1229, "1.2 KB"],
    [1_048_000, "1023 KB"],
    [1_048_576, "1 MB"],
    [3_565_158, "3.4 MB"],
  ])("writes %d bytes as %s", (size, text) => expect(bytes(size)).toBe(text));

  it("writes milliseconds, counts and nouns", () => {
    expect(millis(0.5)).toBe("500 µs");
    expect(number(67_814)).toBe("67,814");
    expect(number(1_234_567.6)).toBe("1,234,568");
    expect(count(1, "instance")).toBe("1 instance");
    expect(count(0, "match", "matches")).toBe("0 matches");
  });
});

describe("bands", () => {
  const thresholds = { thresholdMicroseconds: 1000, slowMicroseconds: 10_000 };
  it.each([
    [999, "quick"],
    [1000, "notable"],
    [9999, "notable"],
    [10_000, "slow"],
  ])("%d µs is %s", (us, band) => expect(bandOf(us, thresholds)).toBe(band));
});

describe("names in Markdown", () => {
  it("mean nothing", () => {
    expect(code("fn(a|b)")).toBe("`fn(a\\|b)`");
    expect(plain("a_b *c* <d>")).toBe("a\\_b \\*c\\* \\<d\\>");
  });
  it("keep their end when they are long", () => {
    expect(shorten("a::very::long::name", 10)).toBe("…ong::name");
    expect(shorten("short", 10)).toBe("short");
  });
});
