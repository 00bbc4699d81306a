/** Statements, kept as trees so that parts of a program can be taken out again. */
import { call } from "./calls.js";
import type { Context } from "./context.js";
import { Expressions } from "./expressions.js";
import { literal } from "./literals.js";
import { matchOn } from "./patterns.js";
import { vectorStatement } from "./vectors.js";
import { BOOL, INTS, NOISY, STRING, type Type, U32, isCopy, vecOf } from "./types.js";

/** Text, and lists of statements between it. */
export type Statement = readonly (string | readonly Statement[])[];

export class Statements {
  readonly make: Expressions;

  constructor(
    readonly context: Context,
    /** How many statements there may be in all. */
    private left: number,
  ) {
    this.make = new Expressions(context);
  }

  /** A block's worth, in a scope of its own. */
  block(depth: number, hidden: Parameters<Context["scope"]["within"]>[0] = () => false): Statement[] {
    const { random, scope } = this.context;
    return scope.within(hidden, () => this.list(random.between(1, 4), depth));
  }

  list(count: number, depth: number): Statement[] {
    const all: Statement[] = [];
    for (let i = 0; i < count && this.left > 0; i++) {
      this.left--;
      all.push(this.one(depth));
    }
    return all;
  }

  private draw(): Type {
    return this.context.around.types.draw(this.context.random);
  }

  private one(depth: number): Statement {
    const { random, scope, around } = this.context;
    const { make } = this;
    const value = (type: Type): string => make.value(type, 3);
    const nested = depth > 0 ? 1 : 0;
    const canBreak = scope.labels.length > 0;
    return random.weighted<() => Statement>([
      [14, () => this.declaration()],
      [10, () => this.assignment()],
      [8, () => [`${value(this.draw())}.sum();`]],
      [
        6,
        () => {
          if (around.callees.length === 0) return this.declaration();
          return [`(${call(make, random.pick(around.callees), 3)}).sum();`];
        },
      ],
      [
        5 * nested,
        () => [
          `if ${value(BOOL)} {`,
          this.block(depth - 1),
          ...(random.chance(50) ? ["} else {", this.block(depth - 1)] : []),
          "}",
        ],
      ],
      [5 * nested, () => this.loop(depth)],
      [5 * nested, () => matchOn(this, depth)],
      [3 * nested, () => this.borrowed(depth)],
      [2 * nested, () => this.caught(depth)],
      [3, () => this.closure(depth)],
      [3, () => this.collection()],
      [2, () => [`let _${this.context.fresh("n")} = Noisy::new(${value(U32)});`]],
      [1, () => this.moved()],
      [
        canBreak ? 2 : 0,
        () => [`if ${value(BOOL)} { ${random.pick(["break", "continue"])} ${random.pick(scope.labels)}; }`],
      ],
      [
        scope.canReturn ? 1 : 0,
        () => [`if ${value(BOOL)} && ${value(BOOL)} { return ${value(this.context.signature?.result ?? BOOL)}; }`],
      ],
      [1, () => this.panic()],
      [2, () => this.threadLocal()],
      [1, () => [`put(here(${value(U32)}).into());`]],
      [2, () => vectorStatement(make)],
      [
        1,
        () => [
          `std::thread::scope(|s| s.spawn(|| ${scope.inClosure(
            () => false,
            () => value(this.draw()),
          )}).join()).ok().sum();`,
        ],
      ],
      [1 * nested, () => this.recursion()],
    ])();
  }

  private declaration(): Statement {
    const { random, scope, fresh } = this.context;
    const type = random.chance(10) ? NOISY : this.draw();
    const name = fresh("v");
    const text = `let mut ${name}: ${type.name} = ${this.make.value(type, 4)};`;
    scope.declare(name, type, true);
    return [text];
  }

  private assignment(): Statement {
    const { random, scope } = this.context;
    const place = this.make.place(({ isMutable, type }) => isMutable && type.kind !== "param");
    if (place === undefined) return this.declaration();
    const { type } = place;
    // The new value may read the variable, but for what it is moved into.
    const value = this.make.value(type, 4);
    if (type.kind === "int" && random.chance(40)) {
      const operator = random.weighted([
        [4, "^="],
        [3, "&="],
        [3, "|="],
        [2, "+="],
        [1, "*="],
        [1, "-="],
      ]);
      return [`${place.place} ${operator} ${value};`];
    }
    if (!isCopy(type) && !place.isPacked && random.chance(40)) {
      const other = scope.within(
        (variable) => variable.root === place.root,
        () => this.make.value(type, 3),
      );
      return [`std::mem::replace(&mut ${place.place}, ${other}).sum();`];
    }
    return [`${place.place} = ${value};`];
  }

  private loop(depth: number): Statement {
    const { random, scope, fresh } = this.context;
    const label = `'${fresh("l")}`;
    const body = (declare?: () => void): Statement[] =>
      scope.within(
        () => false,
        () => {
          declare?.();
          scope.labels = [...scope.labels, label];
          return this.list(random.between(1, 4), depth - 1);
        },
      );
    const number = random.pick(INTS);
    const name = fresh("i");
    const check = `if !step() { break ${label}; }`;
    const item = this.draw();
    return random.weighted<() => Statement>([
      [
        4,
        () => [
          `${label}: for ${name} in 0..${random.between(1, 7)}${number.name} { ${check}`,
          body(() => scope.declare(name, number, false)),
          "}",
        ],
      ],
      [
        1,
        () => [
          `${label}: for ${name} in (${random.between(0, 3)}..=${random.between(3, 9)}u32).rev().step_by(2) { ${check}`,
          body(() => scope.declare(name, U32, false)),
          "}",
        ],
      ],
      [3, () => [`${label}: while ${this.make.value(BOOL, 3)} { ${check}`, body(), "}"]],
      [2, () => [`${label}: loop { ${check}`, body(), `if ${this.make.value(BOOL, 2)} { break ${label}; } }`]],
      [
        3,
        () => [
          `${label}: for ${name} in ${this.make.value(vecOf(item), 3)} { ${check}`,
          body(() => scope.declare(name, item, false)),
          "}",
        ],
      ],
      [
        2,
        () => [
          `${label}: for ${name} in ${this.make.value(STRING, 2)}.bytes().take(6) { ${check} put(${name}.into());`,
          body(),
          "}",
        ],
      ],
    ])();
  }

  /** A reference to something, which nothing else may touch while it lives. */
  private borrowed(depth: number): Statement {
    const { scope, fresh, random } = this.context;
    const place = this.make.place(({ isMutable, isPacked }) => isMutable && !isPacked);
    if (place === undefined) return this.declaration();
    const name = fresh("r");
    const body = scope.within(
      ({ root }) => root === place.root,
      () => {
        scope.declare(name, place.type, true, `(*${name})`);
        return this.list(random.between(1, 3), depth - 1);
      },
    );
    return [`{ let ${name}: &mut ${place.type.name} = &mut ${place.place};`, body, `(*${name}).sum(); }`];
  }

  private caught(depth: number): Statement {
    const { scope, random } = this.context;
    const body = scope.inClosure(
      () => false,
      () => {
        if (random.chance(50)) return this.list(random.between(1, 3), depth - 1);
        return [[`let _bomb = Bomb(${this.make.value(U32, 2)});`], ...this.list(random.between(1, 2), depth - 1)];
      },
    );
    return ["caught(|| {", body, "}, |_| ());"];
  }

  private closure(depth: number): Statement {
    const { scope, random, fresh } = this.context;
    const params = Array.from({ length: random.between(0, 3) }, () => ({ name: fresh("x"), type: this.draw() }));
    const result = this.draw();
    const isMoving = random.chance(40);
    const name = fresh("k");
    const [body, value] = scope.inClosure(
      ({ type, place }) => isMoving && (!isCopy(type) || place.startsWith("(*")),
      () => {
        scope.freeze();
        for (const param of params) scope.declare(param.name, param.type, true);
        const body = depth > 0 ? this.list(random.between(0, 2), 0) : [];
        return [body, this.make.value(result, 3)] as const;
      },
    );
    const list = params.map((param) => `mut ${param.name}: ${param.type.name}`).join(", ");
    const types = params.map((param) => param.type.name).join(", ");
    const annotation = random.weighted([
      [5, ""],
      [2, `: Box<dyn Fn(${types}) -> ${result.name}>`],
    ]);
    const head = `${isMoving ? "move " : ""}|${list}| -> ${result.name} {`;
    // Only inside of a block of its own, because what it borrows may not change meanwhile.
    const after = scope.within(
      () => false,
      () => {
        scope.freeze();
        scope.callables = [...scope.callables, { name, params: params.map(({ type }) => type), result }];
        const uses = Array.from({ length: random.between(1, 2) }, (): Statement => {
          const args = params.map(({ type }) => this.make.value(type, 2));
          return [`${name}(${args.join(", ")}).sum();`];
        });
        return [...uses, ...this.list(random.between(0, 2), Math.min(depth, 1))];
      },
    );
    const boxed = annotation === "" ? ["", ""] : ["Box::new(", ")"];
    return [`{ let ${name}${annotation} = ${boxed[0] ?? ""}${head}`, body, `${value} }${boxed[1] ?? ""};`, after, "}"];
  }

  private collection(): Statement {
    const { random } = this.context;
    const place = this.make.place(
      ({ isMutable, isPacked, type }) => isMutable && !isPacked && (type.kind === "vec" || type.kind === "string"),
    );
    if (place === undefined) return this.declaration();
    const { place: at, type } = place;
    const outside = <T>(what: () => T): T => this.context.scope.within(({ root }) => root === place.root, what);
    if (type.kind !== "vec")
      return [`if ${at}.len() < 90 { ${at}.push_str(&${outside(() => this.make.value(STRING, 2))}); }`];
    const item = (): string => outside(() => this.make.value(type.item, 3));
    return [
      random.pick([
        () => `if ${at}.len() < 40 { ${at}.push(${item()}); }`,
        () => `${at}.pop().sum();`,
        () => `${at}.reverse();`,
        () => `${at}.truncate(${random.between(0, 3)});`,
        () => `if !${at}.is_empty() { let last = ${at}.len() - 1; ${at}.swap(0, last); }`,
        () => `if let Some(first) = ${at}.first_mut() { *first = ${item()}; }`,
        () => `if ${at}.len() < 40 { ${at}.insert(0, ${item()}); }`,
        () => `${at}[${random.between(0, 2)}].sum();`,
        () => `${at}.drain(..${at}.len() / 2).for_each(|x| x.sum());`,
        () => `${at}.dedup();`,
      ])(),
    ];
  }

  /** Gives a value away before its scope ends. */
  private moved(): Statement {
    const { scope, random } = this.context;
    // One of this very block: others may be used behind it, or in another round of a loop.
    const own = scope.variables.filter(
      ({ place, root, type, depth }) =>
        place === root && depth === scope.depth && root.startsWith("v") && !isCopy(type),
    );
    const variable = own.length > 0 ? random.pick(own) : undefined;
    if (variable === undefined) return this.declaration();
    scope.hide(variable.root);
    return [`if step() { drop(${variable.place}); } else { ${variable.place}.sum(); }`];
  }

  private panic(): Statement {
    const { random } = this.context;
    const value = (type: Type): string => this.make.value(type, 3);
    const number = random.pick(INTS);
    return [
      random.pick([
        () => `if ${value(BOOL)} && ${value(BOOL)} { panic!("at {:?}", ${value(this.draw())}); }`,
        () => `assert!(${value(BOOL)} || ${value(BOOL)}, "of {}", ${value(number)});`,
        () => `assert_ne!(${value(number)}, ${literal(random, number)});`,
        () => `Some(${value(number)}).filter(|x| *x != 3).unwrap().sum();`,
        () =>
          `Err::<u8, _>(${value(number)}).or_else(|x| if x != 5 { Ok(1u8) } else { Err(x) }).expect("is not 5").sum();`,
        () => `[1u8, 2, 3][(${value(U32)} % 4) as usize].sum();`,
        () => `"grüße"[(${value(U32)} % 5) as usize..].sum();`,
        () =>
          `std::panic::resume_unwind(Box::new(${value(U32)}));`.replace(/^/, `if ${value(BOOL)} && ${value(BOOL)} { `) +
          " }",
      ])(),
    ];
  }

  private threadLocal(): Statement {
    const { random } = this.context;
    const wide = random.chance(50);
    const type = INTS.find(({ name }) => name === (wide ? "u128" : "i32")) ?? U32;
    const cell = wide ? "WIDE" : "COUNT";
    const value = this.make.value(type, 3);
    return [
      random.pick([
        `${cell}.set(${value});`,
        `${cell}.replace(${value}).sum();`,
        `${cell}.with(|x| x.set(x.get() ^ ${value}));`,
        `${cell}.get().sum();`,
      ]),
    ];
  }

  private recursion(): Statement {
    const { signature } = this.context;
    if (signature?.isRecursive !== true || signature.method !== undefined) return this.declaration();
    const text = call(this.make, { ...signature, isRecursive: false, isGeneric: false }, 3);
    const self = text.includes("black_box")
      ? undefined
      : text.replace(/^([\w:]+)\(/, `$1${signature.isGeneric ? "::<T>" : ""}(depth - 1, `).replace(", )", ")");
    return self === undefined ? this.declaration() : [`if depth > 0 { (${self}).sum(); }`];
  }
}
