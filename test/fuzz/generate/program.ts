/** Whole programs: what a seed makes, and what edits make of it. */
import type { Context, Surroundings } from "./context.js";
import { call } from "./calls.js";
import { Expressions } from "./expressions.js";
import { literal } from "./literals.js";
import { Random } from "./random.js";
import { Scope } from "./scope.js";
import {
  drawParams,
  drawSignature,
  type FunctionSignature,
  MODULES,
  paramList,
  type TraitShape,
} from "./signatures.js";
import { type Statement, Statements } from "./statements.js";
import { F64, INTS, isCopy, PARAM, Types, type Type } from "./types.js";
import { vectorFunction } from "./vectors.js";

export interface GeneratedFunction {
  readonly signature: FunctionSignature;
  readonly body: readonly Statement[];
  /** The value that it ends with, and the one that it gives when there is no fuel. */
  readonly tail: string;
  readonly least: string;
  readonly called: ReadonlySet<string>;
}

/** Everything that a program's text depends on; parts are taken out when a difference is reduced. */
export interface Program {
  readonly seed: number;
  readonly functions: readonly GeneratedFunction[];
  readonly traits: readonly TraitShape[];
  /** Whole items: types, statics, functions of vectors. */
  readonly types: string;
  readonly statics: readonly string[];
  readonly vectors: readonly string[];
  /** What `main` does. */
  readonly calls: readonly { readonly callee: string; readonly text: string }[];
}

/** Makes programs of one seed: the first, and edits of it one after another. */
export class Generator {
  private readonly types: Types;
  private readonly traits: TraitShape[] = [];
  private readonly statics: string[] = [];
  private readonly vectors: string[] = [];
  private readonly tables: { name: string; item: Type }[] = [];
  private readonly atomics: { name: string; type: Type }[] = [];
  private readonly constants: { name: string; type: Type }[] = [];
  private signatures: FunctionSignature[] = [];
  private functions: GeneratedFunction[] = [];
  private edits = 0;

  constructor(
    private readonly seed: number,
    size: number,
  ) {
    const random = new Random(seed, 1);
    this.types = new Types(random);
    this.declareStatics(random);
    for (let i = 0; i < size / 8; i++) this.vectors.push(vectorFunction(random, `w${i}`));
    let id = 0;
    for (let i = 0; i < 3; i++) id = this.declareTrait(random, `T${i}`, id);
    for (; id < size; id++) this.signatures.push(drawSignature(random, this.types, id));
    this.functions = this.signatures.map((signature) => this.body(signature, 0));
  }

  program(): Program {
    const { seed, functions, traits, statics, vectors } = this;
    const calls = functions.flatMap(({ signature }) => this.callsOf(signature));
    const ofVectors = vectors.map((_, i) => ({ callee: `w${i}`, text: `crate::v::w${i}(${i * 7 + 1})` }));
    return { seed, functions, traits, types: this.types.text(), statics, vectors, calls: [...calls, ...ofVectors] };
  }

  /** Changes the program as somebody could who works on it; says how. */
  edit(): string {
    const random = new Random(this.seed, 3, ++this.edits);
    const version = this.edits;
    return random.weighted<() => string>([
      [12, () => this.again(random, version, 1)],
      [4, () => this.again(random, version, random.between(2, 4))],
      [
        2,
        () => {
          const id = Math.max(...this.signatures.map((signature) => signature.id)) + 1;
          const signature = drawSignature(random, this.types, id);
          this.signatures.push(signature);
          this.functions.push(this.body(signature, version));
          return `adds ${signature.name}`;
        },
      ],
      [
        2,
        () => {
          const callers = new Set(this.functions.flatMap(({ called }) => [...called]));
          const free = this.functions.filter(({ signature }) => !callers.has(signature.name) && !signature.method);
          if (free.length === 0) return this.again(random, version, 1);
          const { name } = random.pick(free).signature;
          this.signatures = this.signatures.filter((signature) => signature.name !== name);
          this.functions = this.functions.filter(({ signature }) => signature.name !== name);
          return `removes ${name}`;
        },
      ],
      [
        2,
        () => {
          const plain = this.signatures.filter(({ method }) => !method);
          const old = random.pick(plain);
          const signature = { ...drawSignature(random, this.types, old.id), module: old.module };
          this.signatures = this.signatures.map((other) => (other === old ? signature : other));
          const isStale = (of: GeneratedFunction): boolean => of.signature === old || of.called.has(old.name);
          const stale = this.functions.filter(isStale);
          this.functions = this.functions.map((of) =>
            isStale(of) ? this.body(of.signature === old ? signature : of.signature, version) : of,
          );
          return `gives ${old.name} another signature, and ${stale.length - 1} callers`;
        },
      ],
      [
        1,
        () => {
          this.declareStatics(random);
          return `adds statics, and ${this.again(random, version, 1)}`;
        },
      ],
    ])();
  }

  private again(random: Random, version: number, count: number): string {
    const chosen = new Set(Array.from({ length: count }, () => random.pick(this.functions)));
    this.functions = this.functions.map((of) => (chosen.has(of) ? this.body(of.signature, version) : of));
    return `changes ${[...chosen].map(({ signature }) => signature.name).join(", ")}`;
  }

  private declareStatics(random: Random): void {
    for (let i = 0; i < 4; i++) {
      const item = random.chance(50) ? this.types.scalar(random) : this.types.draw(random);
      const name = `TABLE${this.tables.length}`;
      if (!isCopy(item)) continue;
      const items = Array.from({ length: 8 }, () => literal(random, item)).join(", ");
      this.statics.push(`pub static ${name}: [${item.name}; 8] = [${items}];`);
      this.tables.push({ name, item });
    }
    for (let i = 0; i < 3; i++) {
      const type = random.pick(INTS.filter(({ bits }) => bits < 128));
      const name = `ATOMIC${this.atomics.length}`;
      const atomic = `Atomic${type.name.charAt(0).toUpperCase()}${type.name.slice(1)}`;
      this.statics.push(`pub static ${name}: ${atomic} = ${atomic}::new(${literal(random, type)});`);
      this.atomics.push({ name, type });
    }
    for (let i = 0; i < 3; i++) {
      const type = random.pick([...INTS, F64]);
      const name = `CONST${this.constants.length}`;
      const of = (): string => literal(random, type);
      const value =
        type.kind === "float"
          ? `${of()} * ${of()} + 0.5`
          : `${of()}.wrapping_mul(${of()}).rotate_left(${random.below(70)}) ^ (${of()}).saturating_sub(${of()})`;
      this.statics.push(`pub const ${name}: ${type.name} = ${value};`);
      this.constants.push({ name, type });
    }
  }

  private declareTrait(random: Random, name: string, id: number): number {
    const structs = [...new Set(Array.from({ length: 3 }, () => random.pick(this.types.structs)))];
    const params = drawParams(random, this.types, random.between(0, 3));
    const shape: TraitShape = { name, method: `m${name.slice(1)}`, params, result: this.types.draw(random), structs };
    this.traits.push(shape);
    for (const self of structs) {
      this.signatures.push({
        id,
        name: shape.method,
        params,
        result: shape.result,
        qualifiers: "",
        isGeneric: false,
        isRecursive: false,
        method: { trait: name, self },
        module: random.pick(MODULES),
      });
    }
    return id + 1;
  }

  private body(signature: FunctionSignature, version: number): GeneratedFunction {
    const self = this.types.structs.indexOf(signature.method?.self as never) + 1;
    const random = new Random(this.seed, 2, signature.id, self, version);
    const scope = new Scope();
    // A `T` is no value that could be made at any place.
    scope.canReturn = !holdsParam(signature.result);
    for (const { name, type, mode } of signature.params) {
      if (mode === "slice") continue;
      scope.declare(name, type, mode !== "ref", mode === "value" ? name : `(*${name})`);
    }
    if (signature.method !== undefined) scope.declare("self", signature.method.self, false, "(*self)");
    const context = this.context(random, scope, signature);
    const head: Statement[] = signature.params
      .filter(({ mode }) => mode === "slice")
      .map(({ name }) => [`${name}.sum();`]);
    const statements = new Statements(context, random.between(4, 22));
    const { result } = signature;
    const least = holdsParam(result) ? resultOf(statements.make, result) : literal(random, result);
    const body = [...head, ...statements.list(random.between(2, 9), 2)];
    const tail = resultOf(statements.make, signature.result);
    return { signature, body, tail, least, called: context.called };
  }

  private context(random: Random, scope: Scope, signature: FunctionSignature | undefined): Context {
    let names = 0;
    const callees = this.signatures.filter(({ id }) => signature === undefined || id < signature.id);
    const { types, tables, atomics, constants } = this;
    const around: Surroundings = { types, callees, tables, atomics, constants };
    return { random, scope, around, signature, called: new Set(), fresh: (prefix) => `${prefix}${names++}` };
  }

  private callsOf(signature: FunctionSignature): { callee: string; text: string }[] {
    const self = this.types.structs.indexOf(signature.method?.self as never) + 1;
    const random = new Random(this.seed, 4, signature.id, self);
    return Array.from({ length: 2 }, () => {
      const context = this.context(random, new Scope(), undefined);
      const around = { ...context.around, callees: [] };
      const make = new Expressions({ ...context, around });
      return { callee: signature.name, text: call(make, signature, 2) };
    });
  }
}

/** The last expression of a body; what holds a `T` is made of the parameter. */
function resultOf(make: Expressions, result: Type): string {
  if (result === PARAM || !holdsParam(result)) return make.value(result, 4);
  const param = (): string => make.value(PARAM, 1);
  if (result.kind === "tuple") return `(${result.items.map((item) => `${resultOf(make, item)},`).join(" ")})`;
  if (result.kind === "vec") return `vec![${param()}, ${param()}]`;
  if (result.kind === "array") return `[${Array.from({ length: result.length }, param).join(", ")}]`;
  return `Some(${param()})`;
}

const HEAD = `use crate::support::*; use crate::types::*; use crate::statics::*; use std::sync::atomic::*;`;

/** A function's text. */
export function functionText({ signature, body, tail, least }: GeneratedFunction): string {
  const generics = signature.isGeneric ? "<T: Sum + Clone>" : "";
  const lines = [
    `${signature.qualifiers}fn ${signature.name}${generics}(${paramList(signature)}) -> ${signature.result.name} {`,
    `  if !step() { return ${least}; }`,
    ...body.map((statement) => statementText(statement, 1)),
    `  ${tail}`,
    "}",
  ];
  return lines.join("\n");
}

function holdsParam(type: Type): boolean {
  return /\bT\b/.test(type.name);
}

function statementText(statement: Statement, depth: number): string {
  const indent = "  ".repeat(depth);
  const parts = statement.map((part) =>
    typeof part === "string" ? indent + part : part.map((inner) => statementText(inner, depth + 1)).join("\n"),
  );
  return parts.filter((part) => part !== "").join("\n");
}

/** The files of a program, by their paths. */
export function filesOf(program: Program): Record<string, string> {
  const inModule = (module: string): string => {
    const own = program.functions.filter(({ signature }) => signature.module === module);
    const texts = own.map((of) => {
      const { method } = of.signature;
      return method === undefined
        ? functionText(of)
        : `impl ${method.trait} for ${method.self.name} {\n${functionText(of)}\n}`;
    });
    return `${HEAD}\n\n${texts.join("\n\n")}\n`;
  };
  const traits = program.traits.map(({ name, method, params, result }) => {
    const list = paramList({ ...EMPTY, name: method, params, result, method: { trait: name, self: SELF } }, false);
    return `pub trait ${name} { fn ${method}(${list}) -> ${result.name}; }`;
  });
  const random =
    "fn lanes(seed: u64) -> impl FnMut() -> u64 { let mut x = seed; move || { x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407); x >> 29 } }";
  const calls = program.calls.map(({ callee, text }) => `    record("${callee}", || ${text});`);
  return {
    "src/types.rs": `use crate::support::*;\n${program.types}\n${traits.join("\n")}\n`,
    "src/statics.rs": `use crate::types::*; use std::sync::atomic::*;\n${program.statics.join("\n")}\n`,
    "src/v.rs": `use crate::support::*;\n${random}\n${program.vectors.join("\n")}\n`,
    ...Object.fromEntries(MODULES.map((module) => [`src/${module}.rs`, inModule(module)])),
    "src/calls.rs": `${HEAD}\npub fn all() {\n${calls.join("\n")}\n}\n`,
    "src/main.rs": MAIN,
  };
}

const SELF = { kind: "struct", name: "Self", fields: [], isTuple: true, isPacked: false, attribute: "" } as const;
const EMPTY: Omit<FunctionSignature, "name" | "params" | "result" | "method"> = {
  id: 0,
  qualifiers: "",
  isGeneric: false,
  isRecursive: false,
  module: "a",
};

// Programs at random compute what no one would write: what the compiler can foresee is as wanted as anything else.
const MAIN = `#![allow(warnings, arithmetic_overflow, unconditional_panic, overflowing_literals, unconditional_recursion)]
#![allow(invalid_nan_comparisons, enum_intrinsics_non_enums, clippy::all)]
mod a; mod b; mod c; mod calls; mod statics; mod support; mod types; mod v;
fn main() { support::hook(); calls::all(); }
`;
