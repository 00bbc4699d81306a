import { expect, it } from "vitest";
import { Refusal } from "../../../../server/src/core/edits/refusal.js";

it("says in the user's words what is about what, and is counted without the names", () => {
  const struct = new Refusal("struct", "Pair").within("main.rs");
  expect(struct.text).toBe("main.rs: the struct `Pair`");
  expect(struct.category).toBe("the struct …");
  const constant = new Refusal("constFn", undefined, ["`a::b`"]).within("lib.rs");
  expect(constant.text).toBe("lib.rs: `a::b`: a const fn may run at compile time");
  expect(constant.category).toBe("a const fn may run at compile time");
  expect(new Refusal("noSource", "/a/b.txt").text).toBe("a file that is no source (/a/b.txt)");
  expect(new Refusal("noSource", "/a/b.txt").category).toBe("a file that is no source");
  expect(new Refusal("macroCall").text).toBe("a call of the macro");
  expect(new Refusal("macroCall").category).toBe("a call of the macro");
  expect(new Refusal("otherText", "7").category).toBe("line …, outside of function bodies");
  expect(new Refusal("twinError", "cannot find `x`").text).toBe("its public twin does not compile: cannot find `x`");
  expect(new Refusal("twinError", "cannot find `x`").category).toBe("its public twin does not compile");
});

it("is counted by what rustc and the engine call it", () => {
  expect(new Refusal("engine", "a static has become a function").category).toBe("a static has become a function");
  expect(new Refusal("option", "-Cllvm-args").category).toBe("the compiler option -Cllvm-args");
  expect(new Refusal("patchError", "E0034").category).toBe("a patch crate that does not compile (E0034)");
  expect(new Refusal("attributeMacro", "#[$&]", ["`f`"]).category).toBe("the attribute #[$&] may be a macro");
});
