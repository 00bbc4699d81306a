/** Expressions of any type, out of what is in scope. They never need a type from their surroundings. */
import { calls } from "./calls.js";
import type { Context } from "./context.js";
import { construct, literal } from "./literals.js";
import { bool, float, int } from "./numbers.js";
import { type Variable, valueOf } from "./scope.js";
import {
  BOOL,
  CHAR,
  INTS,
  type Type,
  U32,
  USIZE,
  arrayOf,
  boxOf,
  isCopy,
  optionOf,
  resultOf,
  tupleOf,
  vecOf,
} from "./types.js";

export class Expressions {
  constructor(readonly context: Context) {}

  /** A value of the type; the deeper, the larger. It may be computed anywhere, and leaves all variables as they are. */
  value(type: Type, depth: number): string {
    const { random } = this.context;
    if (depth <= 0 || random.chance(12)) return this.leaf(type);
    if (type.kind === "param") return this.leaf(type);
    if (random.chance(35)) {
      const found = this.anywhere(type, depth);
      if (found !== undefined) return found;
    }
    const of = (inner: Type): string => this.value(inner, depth - 1);
    switch (type.kind) {
      case "int":
        return int(this, type, depth);
      case "float":
        return float(this, type, depth);
      case "bool":
        return bool(this, depth);
      case "char":
        return random.pick([
          `char::from_u32(${of(U32)}).unwrap_or(${of(CHAR)})`,
          `((${this.value(int8, depth - 1)}) as char)`,
          `${of(CHAR)}.to_ascii_uppercase()`,
        ]);
      case "string":
        return random.pick([
          () => `format!("{:?}", ${of(this.context.around.types.draw(random))})`,
          () => `format!("{:>w$x}", ${of(random.pick(INTS))}, w = 9)`,
          () => `(${of(type)} + ${random.pick(['"+"', '"ä"'])})`,
          () => `${of(type)}.chars().rev().take(20).collect::<String>()`,
        ])();
      case "noisy":
        return `Noisy::new(${of(U32)})`;
      case "tuple":
        return `(${type.items.map((item) => `${of(item)},`).join(" ")})`;
      case "array":
        return random.pick([
          () => `[${Array.from({ length: type.length }, () => of(type.item)).join(", ")}]`,
          () =>
            isCopy(type.item)
              ? `[${of(type.item)}; ${type.length}]`
              : `std::array::from_fn::<_, ${type.length}, _>(|_| ${this.unmoved(type.item, depth - 1)})`,
        ])();
      case "option":
        return random.pick([
          () => `Some(${of(type.item)})`,
          () => `${of(BOOL)}.then(|| ${this.unmoved(type.item, depth - 1)})`,
          () => `${of(type)}.or(${of(type)})`,
          () => `${of(resultOf(type.item, U32))}.ok()`,
          () => `${of(type)}.map(|x| { x.sum(); x })`,
          () => `${of(arrayOf(type.item, 3))}.into_iter().nth(${of(USIZE)} % 4)`,
        ])();
      case "result":
        return random.pick([
          () => `Ok::<${type.ok.name}, ${type.error.name}>(${of(type.ok)})`,
          () => `Err::<${type.ok.name}, ${type.error.name}>(${of(type.error)})`,
          () => `${of(optionOf(type.ok))}.ok_or(${of(type.error)})`,
          () => `${of(type)}.or_else(|x| { x.sum(); Err(x) })`,
        ])();
      case "box":
        return `Box::new(${of(type.item)})`;
      case "vec":
        return random
          .pick([
            () =>
              `vec![${Array.from({ length: random.between(0, 3) }, () => of(type.item)).join(", ")}] as ${type.name}`,
            () => `Vec::from(${of(arrayOf(type.item, random.between(1, 4)))})`,
            () => `${of(type)}.into_iter().rev().skip(1).collect::<${type.name}>()`,
            () => `std::iter::once(${of(type.item)}).chain(${of(type)}).take(9).collect::<${type.name}>()`,
          ])()
          .replace(/^(vec!.* as .*)$/s, "($1)");
      case "struct":
      case "enum":
        return construct(random, type, of);
    }
  }

  /** A place with a value of the type, if one is in scope. */
  place(wanted: (variable: Variable) => boolean): Variable | undefined {
    const { random, scope } = this.context;
    const found = scope.places(wanted, (length) => this.index(length));
    return found.length === 0 ? undefined : random.pick(found);
  }

  /** Something to refer to: `&` of it is valid. */
  reference(type: Type, depth: number): string {
    const found = this.place((variable) => variable.type.name === type.name && !variable.isPacked);
    const { random } = this.context;
    return found !== undefined && random.chance(75) ? `&${found.place}` : `&${this.value(type, depth)}`;
  }

  /** A value inside a closure that may be called again. */
  private unmoved(type: Type, depth: number): string {
    return this.context.scope.inClosure(
      () => false,
      () => this.value(type, depth),
    );
  }

  private leaf(type: Type): string {
    const { random } = this.context;
    const found = this.place((variable) => variable.type.name === type.name);
    if (found !== undefined && (type.kind === "param" || random.chance(80))) return valueOf(found);
    if (type.kind === "param") return "unreachable!()";
    return this.named(type) ?? literal(random, type);
  }

  private index(length: number): string {
    const { random, scope } = this.context;
    const ints = scope.variables.filter(({ type }) => type.kind === "int");
    if (length === 1 || ints.length === 0 || random.chance(70)) return String(random.below(length));
    return `(${random.pick(ints).place} as usize) % ${length}`;
  }

  /** A static or a constant. */
  private named(type: Type): string | undefined {
    const { random, around } = this.context;
    const tables = around.tables
      .filter(({ item }) => item.name === type.name)
      .map(({ name }) => `${name}[${this.index(8)}]`);
    const constants = around.constants.filter((constant) => constant.type.name === type.name).map(({ name }) => name);
    const all = [...tables, ...constants];
    return all.length > 0 && random.chance(40) ? random.pick(all) : undefined;
  }

  /** What gives values of all types. */
  private anywhere(type: Type, depth: number): string | undefined {
    const { random, scope, around } = this.context;
    const of = (inner: Type): string => this.value(inner, depth - 1);
    const callables = scope.callables.filter(({ result }) => result.name === type.name);
    return random.weighted<() => string | undefined>([
      [6, () => calls(this, type, depth)],
      [
        callables.length > 0 ? 6 : 0,
        () => {
          const callable = random.pick(callables);
          return `${callable.name}(${callable.params.map(of).join(", ")})`;
        },
      ],
      [3, () => `(if ${of(BOOL)} { ${of(type)} } else { ${of(type)} })`],
      [2, () => this.matched(type, depth)],
      [2, () => `std::hint::black_box(${of(type)})`],
      [1, () => `${of(optionOf(type))}.unwrap_or(${of(type)})`],
      [
        1,
        () =>
          `(match ${of(resultOf(type, around.types.scalar(random)))} { Ok(x) => x, Err(x) => { x.sum(); ${of(type)} } })`,
      ],
      [1, () => `*${of(boxOf(type))}`.replace(/^(.*)$/s, "($1)")],
      [1, () => `${of(tupleOf([around.types.draw(random), type]))}.1`],
      [1, () => `${of(vecOf(type))}.pop().unwrap_or(${of(type)})`.replace(/^/, "")],
      [2, () => this.block(type, depth)],
      [1, () => this.closure(type, depth)],
      [1, () => this.named(type)],
      [1, () => this.place((variable) => variable.type.name === type.name) && this.leaf(type)],
      [
        1,
        () => {
          const inner = this.context.scope.inClosure(
            () => false,
            () => {
              // Both closures are there at the same time: what one borrows for writing the other may not see.
              scope.freeze();
              return `caught(|| ${of(type)}, |_| ${of(type)})`;
            },
          );
          return inner;
        },
      ],
      [1, () => this.endlessLoop(type, depth)],
      [1, () => this.atomic(type, depth)],
    ])();
  }

  private matched(type: Type, depth: number): string {
    const { random, scope } = this.context;
    const number = random.pick(INTS);
    const of = (): string => this.value(type, depth - 1);
    const name = this.context.fresh("m");
    const bound = scope.within(
      () => false,
      () => {
        scope.declare(name, number, false);
        return `${name} if ${this.value(BOOL, depth - 2)} => ${of()}, ${name} @ 20..=120 => ${of()}`;
      },
    );
    return `(match ${this.value(number, depth - 1)} { 0 => ${of()}, 1..=4 | 9 => ${of()}, ${bound}, _ => ${of()} })`;
  }

  private block(type: Type, depth: number): string {
    const { random, scope, around } = this.context;
    const inner = around.types.draw(random);
    const name = this.context.fresh("b");
    const value = this.value(inner, depth - 1);
    return scope.within(
      () => false,
      () => {
        scope.declare(name, inner, false);
        return `({ let ${name}: ${inner.name} = ${value}; ${this.value(type, depth - 1)} })`;
      },
    );
  }

  private closure(type: Type, depth: number): string {
    const { random, scope, around } = this.context;
    const param = around.types.draw(random);
    const name = this.context.fresh("c");
    const argument = this.value(param, depth - 1);
    return scope.inClosure(
      () => false,
      () => {
        scope.declare(name, param, false);
        const body = this.value(type, depth - 1);
        const pointer = `&(|${name}: ${param.name}| -> ${type.name} { ${body} }) as &dyn Fn(${param.name}) -> ${type.name}`;
        return `(${random.chance(50) ? pointer : pointer.slice(1, pointer.lastIndexOf(" as &dyn"))})(${argument})`;
      },
    );
  }

  /** A loop that is left with a value. */
  private endlessLoop(type: Type, depth: number): string {
    const { scope } = this.context;
    const name = this.context.fresh("n");
    return scope.within(
      () => false,
      () => {
        scope.labels = [];
        scope.declare(name, U32, false);
        const inner = `if ${this.value(BOOL, depth - 2)} || ${name} > 5 || !step() { break ${this.value(type, depth - 1)}; }`;
        return `({ let mut ${name} = 0u32; loop { ${name} += 1; ${inner} } })`;
      },
    );
  }

  private atomic(type: Type, depth: number): string | undefined {
    const { random, around } = this.context;
    const found = around.atomics.filter((atomic) => atomic.type.name === type.name);
    if (found.length === 0) return undefined;
    const { name } = random.pick(found);
    const of = (): string => this.value(type, depth - 1);
    const order = random.pick(["Relaxed", "SeqCst", "AcqRel"]);
    return random.weighted<() => string>([
      [
        3,
        () =>
          `${name}.fetch_${random.pick(["add", "sub", "and", "or", "xor", "nand", "max", "min"])}(${of()}, Ordering::${order})`,
      ],
      [1, () => `${name}.swap(${of()}, Ordering::${order})`],
      [1, () => `${name}.load(Ordering::SeqCst)`],
      [
        1,
        () =>
          `${name}.compare_exchange${random.pick(["", ""])}(${of()}, ${of()}, Ordering::SeqCst, Ordering::Relaxed).unwrap_or_else(|x| x)`,
      ],
      [1, () => `${name}.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |x| x.checked_add(1)).unwrap_or_else(|x| x)`],
    ])();
  }
}

const int8 = INTS.find(({ name }) => name === "u8") ?? U32;
