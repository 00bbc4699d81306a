/** Statements that take values apart. */
import type { Statement, Statements } from "./statements.js";
import { BOOL, INTS, type Type, arrayOf, optionOf, resultOf, tupleOf } from "./types.js";

/** A `match`, an `if let` or a `let … else`. */
export function matchOn(statements: Statements, depth: number): Statement {
  const { context, make } = statements;
  const { random, scope, around, fresh } = context;
  const arm = (bound: readonly (readonly [string, Type, boolean])[]): Statement[] =>
    scope.within(
      () => false,
      () => {
        for (const [name, type, isReference] of bound)
          scope.declare(name, type, false, isReference ? `(*${name})` : name);
        return statements.list(random.between(1, 3), depth - 1);
      },
    );
  const drawn = (): Type => around.types.draw(random);
  const kind = random.pick(["enum", "int", "tuple", "option", "result", "slice", "else", "while"] as const);
  switch (kind) {
    case "enum": {
      if (around.types.enums.length === 0) return arm([])[0] ?? [];
      const type = random.pick(around.types.enums);
      const parts: (string | Statement[])[] = [`match ${make.reference(type, 3)} {`];
      const last = random.chance(40) ? type.variants.length - 1 : -1;
      type.variants.forEach((variant, i) => {
        const names = variant.fields.map(() => fresh("x"));
        const pattern = names.length === 0 ? "" : `(${names.join(", ")})`;
        const bound = variant.fields.map((field, at) => [names[at] ?? "", field, true] as const);
        if (i === last) parts.push("_ => {", arm([]), "}");
        else {
          const guard = random.chance(20);
          parts.push(
            `${type.name}::${variant.name}${pattern}${guard ? ` if ${make.value(BOOL, 2)}` : ""} => {`,
            arm(bound),
            "}",
          );
          if (guard) parts.push(`${type.name}::${variant.name}${names.length === 0 ? "" : "(..)"} => {`, arm([]), "}");
        }
      });
      return [...parts, "}"];
    }
    case "int": {
      const type = random.pick(INTS);
      const name = fresh("x");
      const low = type.signed ? `${type.name}::MIN..=-1` : "0";
      return [
        `match ${make.value(type, 4)} { ${low} => {`,
        arm([]),
        `} ${name} @ (1..=9 | 30..=60) => {`,
        arm([[name, type, false]]),
        `} ${type.name}::MAX => {`,
        arm([]),
        `} ${name} if ${name} % 2 == 0 => {`,
        arm([[name, type, false]]),
        "} _ => {",
        arm([]),
        "} }",
      ];
    }
    case "tuple": {
      const [first, second] = [random.pick(INTS), drawn()];
      const [x, y] = [fresh("x"), fresh("x")];
      return [
        `match ${make.value(tupleOf([BOOL, first, second]), 3)} { (true, ${x}, ${y}) if ${x} > 3 => {`,
        arm([
          [x, first, false],
          [y, second, false],
        ]),
        `} (false, 0, _) | (_, 1, _) => {`,
        arm([]),
        `} (_, _, ${y}) => {`,
        arm([[y, second, false]]),
        "} }",
      ];
    }
    case "option": {
      const inner = drawn();
      const x = fresh("x");
      return [
        `if let Some(${x}) = ${make.value(optionOf(inner), 3)} {`,
        arm([[x, inner, false]]),
        "} else {",
        arm([]),
        "}",
      ];
    }
    case "result": {
      const [ok, error] = [drawn(), drawn()];
      const x = fresh("x");
      return [
        `match ${make.reference(resultOf(ok, error), 3)} { Ok(${x}) => {`,
        arm([[x, ok, true]]),
        `} Err(${x}) => {`,
        arm([[x, error, true]]),
        "} }",
      ];
    }
    case "slice": {
      const item = around.types.scalar(random);
      const [x, y] = [fresh("x"), fresh("x")];
      return [
        `match (${make.reference(arrayOf(item, random.between(1, 4)), 3)} as &[${item.name}]) { [] => {`,
        arm([]),
        `} [${x}] => {`,
        arm([[x, item, true]]),
        `} [${x}, .., ${y}] => {`,
        arm([
          [x, item, true],
          [y, item, true],
        ]),
        "} }",
      ];
    }
    case "else": {
      if (!scope.canReturn || context.signature === undefined) return arm([])[0] ?? [];
      const inner = drawn();
      const x = fresh("x");
      const text = `let Some(${x}) = ${make.value(optionOf(inner), 3)} else { return ${make.value(context.signature.result, 2)}; };`;
      scope.declare(x, inner, false);
      return [text];
    }
    case "while": {
      const item = drawn();
      const [list, x] = [fresh("w"), fresh("x")];
      return [
        `{ let mut ${list} = ${make.value(arrayOf(item, 3), 3)}.into_iter(); while let Some(${x}) = ${list}.next() {`,
        arm([[x, item, false]]),
        "} }",
      ];
    }
  }
}
