import { expect, it } from "vitest";
import { shellQuote } from "../../../../server/src/core/support/shell.js";

it("quotes for the shell", () => {
  expect(shellQuote("it's ö")).toBe("'it'\\''s ö'");
});
