/** What a body may name at a point of it. */
import { type Type, isCopy } from "./types.js";

export interface Variable {
  /** As an expression: `v3`, `(*r3)`. */
  readonly place: string;
  readonly type: Type;
  readonly isMutable: boolean;
  /** A field of a packed struct, or of what is in one: it may be copied and assigned, but not referred to. */
  readonly isPacked: boolean;
  /** The local that it belongs to; two places of one local may overlap. */
  readonly root: string;
  /** How many blocks there were around its declaration. */
  readonly depth: number;
}

export interface Callable {
  readonly name: string;
  readonly params: readonly Type[];
  readonly result: Type;
}

export class Scope {
  variables: readonly Variable[] = [];
  callables: readonly Callable[] = [];
  /** Labels of the loops around, the innermost last. */
  labels: readonly string[] = [];
  /** A `return` here would leave the function. */
  canReturn = true;
  /** How many blocks there are around. */
  depth = 0;

  /** Does something in a scope of its own, in which less may be visible. */
  within<T>(hidden: (variable: Variable) => boolean, what: () => T): T {
    const { variables, callables, labels, canReturn, depth } = this;
    this.depth++;
    this.variables = variables.filter((variable) => !hidden(variable));
    try {
      return what();
    } finally {
      Object.assign(this, { variables, callables, labels, canReturn, depth });
    }
  }

  /** The body of a closure: neither `return` nor `break` leaves it. */
  inClosure<T>(hidden: (variable: Variable) => boolean, what: () => T): T {
    return this.within(hidden, () => {
      this.labels = [];
      this.canReturn = false;
      return what();
    });
  }

  declare(name: string, type: Type, isMutable: boolean, place = name): void {
    this.variables = [...this.variables, { place, type, isMutable, isPacked: false, root: name, depth: this.depth }];
  }

  /** Nothing of this local is visible from here on. */
  hide(root: string): void {
    this.variables = this.variables.filter((variable) => variable.root !== root);
  }

  /** All that is visible is borrowed: it may be read only. */
  freeze(): void {
    this.variables = this.variables.map((variable) => ({ ...variable, isMutable: false }));
  }

  /** Variables, and what is in them; `index` makes an index below a length. */
  places(wanted: (variable: Variable) => boolean, index: (length: number) => string): Variable[] {
    const found: Variable[] = [];
    const visit = (variable: Variable, depth: number): void => {
      if (wanted(variable)) found.push(variable);
      if (depth === 0) return;
      const { type, place } = variable;
      const part = (suffix: string, of: Type, isPacked = variable.isPacked): void =>
        visit({ ...variable, place: `${place}${suffix}`, type: of, isPacked }, depth - 1);
      if (type.kind === "struct")
        for (const field of type.fields) part(`.${field.name}`, field.type, variable.isPacked || type.isPacked);
      else if (type.kind === "tuple") type.items.forEach((item, i) => part(`.${i}`, item));
      else if (type.kind === "array") part(`[${index(type.length)}]`, type.item);
      else if (type.kind === "box") visit({ ...variable, place: `(*${place})`, type: type.item }, depth - 1);
    };
    for (const variable of this.variables) visit(variable, 3);
    return found;
  }
}

/** The value of a place, which stays as it is. */
export function valueOf({ place, type, isPacked }: Variable): string {
  if (isPacked) return `({ ${place} })`;
  return isCopy(type) ? place : `${place}.clone()`;
}
