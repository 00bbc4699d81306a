/** `cfg(…)` as cargo's configuration has it: `all(unix, not(target_env = "musl"))`. */

/** What `rustc --print cfg` prints: names, and names with values. */
export type Cfgs = ReadonlySet<string>;

export function parseCfgs(output: string): Cfgs {
  return new Set(output.split("\n").filter((line) => line !== ""));
}

/** Whether a platform is meant by `cfg(…)`. Throws a `SyntaxError` where that is no such expression. */
export function holds(expression: string, cfgs: Cfgs): boolean {
  const tokens = expression.match(/"[^"]*"|[A-Za-z_]\w*|[(),=]|\S/g) ?? [];
  let at = 0;
  const take = (token: string): void => {
    if (tokens[at] !== token) throw new SyntaxError(`expected ${token} in ${expression}`);
    at++;
  };
  const list = (): boolean[] => {
    const values: boolean[] = [];
    take("(");
    while (tokens[at] !== ")") {
      values.push(predicate());
      if (tokens[at] !== ")") take(",");
    }
    take(")");
    return values;
  };
  const predicate = (): boolean => {
    const name = tokens[at++] ?? "";
    if (!/^[A-Za-z_]/.test(name)) throw new SyntaxError(`unexpected ${name} in ${expression}`);
    if (tokens[at] === "(") {
      const values = list();
      if (name === "all") return values.every(Boolean);
      if (name === "any") return values.some(Boolean);
      if (name === "not" && values.length === 1) return values[0] === false;
      throw new SyntaxError(`unknown ${name}(…) in ${expression}`);
    }
    if (tokens[at] !== "=") return name === "true" || (name !== "false" && cfgs.has(name));
    at++;
    return cfgs.has(`${name}=${tokens[at++] ?? ""}`);
  };
  take("cfg");
  const [value, ...others] = list();
  if (value === undefined || others.length > 0 || at < tokens.length) throw new SyntaxError(`odd ${expression}`);
  return value;
}
