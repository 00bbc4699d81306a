import { expect, it } from "vitest";
import { holds } from "../../../../server/src/core/units/cfgExpression.js";

it("means platforms by expressions", () => {
  const cfgs = new Set(["unix", 'target_os="linux"']);
  const those = [
    "cfg(unix)",
    'cfg(all(unix, not(target_os = "macos")))',
    'cfg(any(windows, target_os="linux",))',
    "cfg(all())",
  ];
  expect(those.map((expression) => holds(expression, cfgs))).toEqual([true, true, true, true]);
  expect(["cfg(windows)", "cfg(any())", 'cfg(unix="x")'].some((expression) => holds(expression, cfgs))).toBe(false);
  for (const odd of ["cfg(unix", "cfg()", "cfg(not(a, b))", "cfg(un|x)", "cfg(a) b"]) {
    expect(() => holds(odd, cfgs)).toThrow(SyntaxError);
  }
});
