/** Calls of generated functions, directly, through pointers and trait objects. */
import type { Expressions } from "./expressions.js";
import { literal } from "./literals.js";
import type { FunctionSignature, Param } from "./signatures.js";
import { paramType } from "./signatures.js";
import { type Type, arrayOf } from "./types.js";

/** A call that gives the type, if there is a function that does. */
export function calls(make: Expressions, type: Type, depth: number): string | undefined {
  const { random, around } = make.context;
  const fitting = around.callees.filter(({ result, isGeneric }) => !isGeneric && result.name === type.name);
  if (fitting.length === 0) return undefined;
  return call(make, random.pick(fitting), depth);
}

/** A call of this function. */
export function call(make: Expressions, callee: FunctionSignature, depth: number): string {
  const { random, called, scope, around } = make.context;
  called.add(callee.name);
  // Type arguments are inferred from the first argument.
  const instance = callee.isGeneric ? around.types.draw(random) : undefined;
  const params = callee.params.map((param) =>
    param.type.kind === "param" && instance !== undefined ? { ...param, type: instance } : param,
  );
  return scope.within(
    () => false,
    () => {
      // What one argument borrows for writing, no other one may see.
      const unique = params.map((param) => (param.mode === "mut" ? mutable(make, param, depth) : undefined));
      const args = params.map((param, i) => unique[i] ?? argument(make, param, depth));
      if (callee.isRecursive) args.unshift(String(random.below(3)));
      if (callee.method !== undefined) {
        const { trait, self } = callee.method;
        const receiver = make.reference(self, depth - 1);
        const list = args.join(", ");
        return random.pick([
          `(${receiver} as &dyn ${trait}).${callee.name}(${list})`,
          `<${self.name} as ${trait}>::${callee.name}(${[receiver, ...args].join(", ")})`,
          `(Box::new(${make.value(self, depth - 1)}) as Box<dyn ${trait}>).${callee.name}(${list})`,
        ]);
      }
      const name = `crate::${callee.module}::${callee.name}`;
      if (instance === undefined && !callee.qualifiers.includes("track") && random.chance(15)) {
        const abi = callee.qualifiers.includes('"C-unwind"') ? 'extern "C-unwind" ' : "";
        const types = [...(callee.isRecursive ? ["u32"] : []), ...params.map(paramType)];
        return `(std::hint::black_box(${name} as ${abi}fn(${types.join(", ")}) -> ${callee.result.name}))(${args.join(", ")})`;
      }
      return `${name}${instance === undefined ? "" : `::<${instance.name}>`}(${args.join(", ")})`;
    },
  );
}

function argument(make: Expressions, { type, mode }: Param, depth: number): string {
  const { random } = make.context;
  switch (mode) {
    case "value":
      return make.value(type, depth - 1);
    case "ref":
      return make.reference(type, depth - 1);
    case "mut":
      throw new Error("made before the others");
    case "slice": {
      const count = random.between(0, 3);
      if (count > 0 && random.chance(50)) return make.reference(arrayOf(type, count), depth - 1);
      return `&[${Array.from({ length: count }, () => make.value(type, depth - 2)).join(", ")}] as &[${type.name}]`;
    }
  }
}

function mutable(make: Expressions, { type }: Param, depth: number): string {
  const { random, scope } = make.context;
  const found = make.place((place) => place.isMutable && !place.isPacked && place.type.name === type.name);
  if (found === undefined) return `&mut ${type.kind === "param" ? make.value(type, depth) : literal(random, type)}`;
  scope.hide(found.root);
  return `&mut ${found.place}`;
}
