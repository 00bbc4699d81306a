/** What an edit of an item is to its name. */
import { type ItemChange, isVisibleOutside } from "../../edits/itemChange.js";
import type { ModulePath } from "./privacy.js";

/** A name of a module that an edit changed. */
export interface NameChange {
  readonly name: string;
  readonly module: ModulePath;
  readonly change: "new" | "changed" | "gone";
  /** `function`: one that cannot run in rustc. `type`: of a struct, also as a value and as a pattern. `import`: it may be anything. */
  readonly kind: "function" | "constFunction" | "constant" | "alias" | "type" | "import";
  readonly isVisibleOutside: boolean;
  /** What an import brings under this name. */
  readonly path?: readonly string[];
}

/** The name of an item of a module. */
export function nameChangeOf(item: ItemChange, module: ModulePath): NameChange {
  const { name, type, before, after } = item;
  const isConst = [before, after].some((it) => it?.fn !== undefined && /\bconst\b/.test(it.header));
  const kind = type === "function_item" && isConst ? "constFunction" : KINDS[type];
  const change = before === undefined ? "new" : after === undefined ? "gone" : "changed";
  return { name, module, kind, change, isVisibleOutside: isVisibleOutside(item) };
}

const KINDS: Readonly<Record<ItemChange["type"], NameChange["kind"]>> = {
  function_item: "function",
  const_item: "constant",
  static_item: "constant",
  type_item: "alias",
  trait_item: "alias",
  mod_item: "alias",
  // (Nobody names one.)
  impl_item: "alias",
  struct_item: "type",
  enum_item: "type",
  union_item: "type",
  use_declaration: "import",
};
