/** Makes programs that show a difference smaller: by Zeller's ddmin, over calls, functions and statements. */
import type { GeneratedFunction, Program } from "./generate/program.js";
import type { Statement } from "./generate/statements.js";

/** A program, and the edit of it that shows the difference if it takes one. */
export type Sequence = readonly Program[];

/** The least sequence that was found with which `shows` still holds, after at most so many tries. */
export async function reduce(
  sequence: Sequence,
  shows: (sequence: Sequence) => Promise<boolean>,
  tries: number,
): Promise<Sequence> {
  let best = sequence;
  const attempt = async (candidate: Sequence): Promise<boolean> => {
    if (tries-- <= 0 || !(await shows(candidate))) return false;
    best = candidate;
    return true;
  };
  const callees = [...new Set((best.at(-1)?.calls ?? []).map(({ callee }) => callee))];
  for (const callee of callees) {
    if (await attempt(best.map((program) => reachable(program, callee)))) break;
  }
  // What is at the end of the sequence matters most.
  for (let at = best.length - 1; at >= 0; at--) {
    await minimise(
      () => best[at]?.calls ?? [],
      (calls) => attempt(replaced(best, at, (program) => ({ ...program, calls }))),
    );
    const names = (best[at]?.functions ?? []).map(({ signature }) => signature.name);
    for (const name of names.reverse()) {
      const find = (program: Program | undefined): GeneratedFunction | undefined =>
        program?.functions.find(({ signature }) => signature.name === name);
      await attempt(
        best.map((program) => ({
          ...program,
          functions: program.functions.filter(({ signature }) => signature.name !== name),
        })),
      );
      if (find(best[at]) === undefined) continue;
      for (let depth = 0; depth < 4; depth++) {
        for (const path of lists(find(best[at])?.body ?? [], depth)) {
          await minimise(
            () => listAt(find(best[at])?.body ?? [], path),
            (list) =>
              attempt(
                replaced(best, at, (program) => ({
                  ...program,
                  functions: program.functions.map((of) =>
                    of.signature.name === name ? { ...of, body: withList(of.body, path, list) } : of,
                  ),
                })),
              ),
          );
        }
      }
    }
    await minimise(
      () => best[at]?.statics ?? [],
      (statics) => attempt(replaced(best, at, (program) => ({ ...program, statics }))),
    );
  }
  return best;
}

/** What a call of one function needs. */
function reachable(program: Program, callee: string): Program {
  const names = new Set([callee]);
  for (let size = 0; size !== names.size;) {
    size = names.size;
    for (const { signature, called } of program.functions)
      if (names.has(signature.name)) for (const name of called) names.add(name);
  }
  // All that have a trait's method are kept or none.
  const functions = program.functions.filter(({ signature }) => names.has(signature.name) || signature.method);
  const vectors = callee.startsWith("w") ? program.vectors : [];
  return { ...program, functions, vectors, calls: program.calls.filter((call) => call.callee === callee) };
}

function replaced(sequence: Sequence, at: number, change: (program: Program) => Program): Sequence {
  return sequence.map((program, i) => (i === at ? change(program) : program));
}

/** ddmin: takes out ever smaller runs of a list for as long as `accepts` says so. */
async function minimise<T>(
  current: () => readonly T[],
  accepts: (list: readonly T[]) => Promise<boolean>,
): Promise<void> {
  for (let size = current().length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < current().length;) {
      const list = current();
      if (!(await accepts([...list.slice(0, from), ...list.slice(from + size)]))) from += size;
    }
  }
}

/** Where a list of statements is: statement and part, from the outermost to the innermost. */
type ListPath = readonly (readonly [statement: number, part: number])[];

/** All lists at a depth. */
function lists(body: readonly Statement[], depth: number): ListPath[] {
  if (depth === 0) return [[]];
  return body.flatMap((statement, s) =>
    statement.flatMap((part, p) =>
      typeof part === "string" ? [] : lists(part, depth - 1).map((rest): ListPath => [[s, p], ...rest]),
    ),
  );
}

function listAt(body: readonly Statement[], [first, ...rest]: ListPath): readonly Statement[] {
  if (first === undefined) return body;
  const part = body[first[0]]?.[first[1]];
  return part === undefined || typeof part === "string" ? [] : listAt(part, rest);
}

function withList(
  body: readonly Statement[],
  [first, ...rest]: ListPath,
  list: readonly Statement[],
): readonly Statement[] {
  if (first === undefined) return list;
  const [at, inner] = first;
  return body.map((statement, s) =>
    s !== at
      ? statement
      : statement.map((part, p) => (p !== inner || typeof part === "string" ? part : withList(part, rest, list))),
  );
}
