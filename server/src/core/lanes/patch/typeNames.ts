/**
 * Types as rustc writes them into debug info: `alloc::vec::Vec<(u32, &str), alloc::alloc::Global>`.
 *
 * The form is that of `compute_debuginfo_type_name` in rustc's `rustc_codegen_ssa::debuginfo::type_names`, for DWARF. Only forms that name
 * one type are read: functions are all written like pointers to them, and closures, futures and what stands in a body have no names in
 * the sources.
 */

/** A type, or the value of a constant parameter. */
export type TypeName =
  /** A primitive type has a path of one name. */
  | { readonly kind: "path"; readonly path: readonly string[]; readonly args: readonly TypeName[] }
  /** `&`, `&mut `, `*const `, `*mut `. */
  | { readonly kind: "pointer"; readonly sign: string; readonly to: TypeName }
  | { readonly kind: "tuple"; readonly of: readonly TypeName[] }
  | { readonly kind: "slice"; readonly of: TypeName }
  | { readonly kind: "array"; readonly of: TypeName; readonly length: string }
  /** The trait itself first, then what is `auto`. */
  | { readonly kind: "object"; readonly traits: readonly (TypeName & { kind: "path" })[] }
  | { readonly kind: "value"; readonly text: string };

/** The types in the name of a function's instance; undefined where they cannot be told. */
export function typesOfInstance(name: string): readonly TypeName[] | undefined {
  const start = name.indexOf("<");
  return start < 0 ? undefined : new Reader(name, start).whole();
}

const NAME = /[\p{XID_Start}_]\p{XID_Continue}*/uy;
const VALUE = /-?\d+|true\b|false\b/y;
const POINTER = /&mut |&|\*const |\*mut /y;

/** Deeper types are not read. */
const MAX_DEPTH = 64;

class Reader {
  private depth = 0;

  constructor(
    private readonly text: string,
    private at: number,
  ) {}

  whole(): readonly TypeName[] | undefined {
    const args = this.arguments();
    return this.at === this.text.length ? args : undefined;
  }

  /** In angle brackets. */
  private arguments(): readonly TypeName[] | undefined {
    return this.skip("<") ? this.list(">") : undefined;
  }

  /** Up to what ends it. */
  private list(end: string): readonly TypeName[] | undefined {
    const found: TypeName[] = [];
    if (this.skip(end)) return found;
    do {
      const type = this.type();
      if (type === undefined) return undefined;
      found.push(type);
    } while (this.skip(", "));
    return this.skip(end) ? found : undefined;
  }

  private type(): TypeName | undefined {
    if (++this.depth > MAX_DEPTH) return undefined;
    const type = this.any();
    this.depth--;
    return type;
  }

  private any(): TypeName | undefined {
    const sign = this.match(POINTER);
    if (sign !== undefined) {
      const to = this.type();
      return to && { kind: "pointer", sign, to };
    }
    const value = this.match(VALUE);
    if (value !== undefined) return { kind: "value", text: value };
    if (this.skip("!")) return { kind: "path", path: ["!"], args: [] };
    if (this.skip("[")) return this.sequence();
    if (this.skip("(dyn ")) {
      const object = this.object();
      return this.skip(")") ? object : undefined;
    }
    if (this.skip("dyn ")) return this.object();
    if (this.skip("(")) {
      const of = this.list(")");
      return of && { kind: "tuple", of };
    }
    return this.path();
  }

  private sequence(): TypeName | undefined {
    const of = this.type();
    if (of === undefined) return undefined;
    if (this.skip("]")) return { kind: "slice", of };
    const length = this.skip("; ") ? this.match(/\d+/y) : undefined;
    return length !== undefined && this.skip("]") ? { kind: "array", of, length } : undefined;
  }

  private object(): TypeName | undefined {
    const traits: (TypeName & { kind: "path" })[] = [];
    do {
      const trait = this.path();
      if (trait === undefined) return undefined;
      traits.push(trait);
    } while (this.skip(" + "));
    return { kind: "object", traits };
  }

  private path(): (TypeName & { kind: "path" }) | undefined {
    const path: string[] = [];
    do {
      const name = this.match(NAME);
      if (name === undefined) return undefined;
      path.push(name);
    } while (this.skip("::"));
    // A function's type is that of all functions with its parameters.
    if (path.some((name) => name === "fn" || name === "unsafe" || name === "extern" || name === "for"))
      return undefined;
    const args = this.text[this.at] === "<" ? this.arguments() : [];
    return args && { kind: "path", path, args };
  }

  private skip(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private match(pattern: RegExp): string | undefined {
    const sticky = new RegExp(pattern.source, pattern.flags);
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}
