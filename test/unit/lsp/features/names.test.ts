/** Demangled names taken apart, and functions found by them: on names that rustc made of the sample. */
import { describe, expect, it } from "vitest";
import { brief, familyOf, nameOf, partsOf, segmentsOf } from "../../../../server/src/lsp/features/functions/names.js";

describe("a demangled name", () => {
  it("is split outside of brackets only", () => {
    expect(segmentsOf("<a::B<c::D> as e::F>::g::{{closure}}")).toEqual(["<a::B<c::D> as e::F>", "g", "{{closure}}"]);
    expect(segmentsOf("core::ops::function::FnOnce<fn(a::B) -> c::D>::call_once")).toEqual([
      "core",
      "ops",
      "function",
      "FnOnce<fn(a::B) -> c::D>",
      "call_once",
    ]);
  });

  it("tells the function, what is around it, and whether it is a part of one", () => {
    expect(partsOf("sample::traits::recursion::hanoi")).toEqual({
      name: "hanoi",
      scopes: ["sample", "traits", "recursion"],
      isInner: false,
    });
    expect(partsOf("<sample::traits::Vector<T,3_usize> as core::ops::arith::Add>::add::{{closure}}")).toEqual({
      name: "add",
      scopes: ["<sample::traits::Vector<T,3_usize> as core::ops::arith::Add>"],
      isInner: true,
    });
    expect(partsOf("sample::reflect::through{{reify.shim}}")).toMatchObject({ name: "through", isInner: false });
    expect(partsOf("app::largest::<u32, fn() -> u8>::{closure#0}")).toEqual({
      name: "largest",
      scopes: ["app"],
      isInner: true,
    });
    expect(partsOf("sample_compare")).toEqual({ name: "sample_compare", scopes: [], isInner: false });
    expect(partsOf("{{closure}}")).toBeUndefined();
  });

  it("has a family without arguments", () => {
    expect(familyOf("core::ptr::drop_in_place<alloc::vec::Vec<u8>>")).toBe("core::ptr::drop_in_place");
    expect(familyOf("app::largest::<u32>")).toBe("app::largest");
    expect(familyOf("alloc::vec::Vec<T,A>::push")).toBe("alloc::vec::Vec::push");
    expect(familyOf("a::b::{{closure}}")).toBe("a::b::{{closure}}");
  });

  it("gets the type arguments that debug info has", () => {
    const closure = { name: "a::Channel<T>::recv::{{closure}}", instance: "{closure#1}<u32>" };
    expect(nameOf(closure)).toBe("a::Channel<T>::recv::{closure#1}<u32>");
    expect(nameOf({ name: "a::f", instance: null })).toBe("a::f");
  });

  it("is shorter without the paths of its types", () => {
    expect(brief("<sample_shapes::Rect as core::fmt::Debug>::fmt")).toBe("<Rect as Debug>::fmt");
    expect(brief("sample::numbers::sum7::{{closure}}")).toBe("sample::numbers::sum7::{{closure}}");
  });
});
