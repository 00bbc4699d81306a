import { describe, expect, it } from "vitest";
import { type TypeName, typesOfInstance } from "../../../../../server/src/core/lanes/patch/typeNames.js";

const path = (name: string, ...args: TypeName[]): TypeName => ({ kind: "path", path: name.split("::"), args });

describe("the types in an instance's name", () => {
  it.each<[name: string, types: readonly TypeName[]]>([
    ["show<u8>", [path("u8")]],
    [
      "show<alloc::vec::Vec<u8, alloc::alloc::Global>, 3>",
      [path("alloc::vec::Vec", path("u8"), path("alloc::alloc::Global")), { kind: "value", text: "3" }],
    ],
    ["show<&mut [u16]>", [{ kind: "pointer", sign: "&mut ", to: { kind: "slice", of: path("u16") } }]],
    [
      "show<*const [&str; 2]>",
      [
        {
          kind: "pointer",
          sign: "*const ",
          to: { kind: "array", of: { kind: "pointer", sign: "&", to: path("str") }, length: "2" },
        },
      ],
    ],
    ["show<()>", [{ kind: "tuple", of: [] }]],
    // So is one of one.
    ["show<(i128)>", [{ kind: "tuple", of: [path("i128")] }]],
    [
      "show<(dyn a::B + core::marker::Send)>",
      [
        {
          kind: "object",
          traits: [
            { kind: "path", path: ["a", "B"], args: [] },
            { kind: "path", path: ["core", "marker", "Send"], args: [] },
          ],
        },
      ],
    ],
    [
      "show<-1, true>",
      [
        { kind: "value", text: "-1" },
        { kind: "value", text: "true" },
      ],
    ],
  ])("%s", (name, types) => {
    expect(typesOfInstance(name)).toEqual(types);
  });

  it.each([
    "show",
    "show<u8",
    "show<u8>>",
    "show<fn(u8) -> u8>",
    'show<unsafe extern "C" fn()>',
    "show<app::main::{closure_env#0}>",
    "show<app::{impl#0}::T>",
    "show<{CONST#0123456789abcdef}>",
    "show<dyn core::ops::function::Fn<(u32), Output=u32>>",
    `show<${"&".repeat(200)}u8>`,
  ])("are not read where they name no type: %s", (name) => {
    expect(typesOfInstance(name)).toBeUndefined();
  });
});
