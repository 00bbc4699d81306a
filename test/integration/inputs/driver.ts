/** Makes changes in the project, and compares what Cranefly runs with what cargo runs. */
import { expect } from "vitest";
import type { Project, Result } from "../project.js";
import type { Case } from "./cases.js";
import { ARGUMENTS, FOLDER } from "./project.js";

export type Facts = ReadonlyMap<string, string>;

export function factsOf(line: string): Facts {
  const facts = line
    .trim()
    .split(" ")
    .map((fact): [string, string] => [fact.slice(0, fact.indexOf("=")), fact.slice(fact.indexOf("=") + 1)]);
  return new Map(facts);
}

/** What differs, for people. */
export function differences(ours: Facts, cargos: Facts): string[] {
  const names = new Set([...ours.keys(), ...cargos.keys()]);
  return [...names].flatMap((name) => {
    const [mine, theirs] = [ours.get(name), cargos.get(name)];
    return mine === theirs ? [] : [`${name}: ${String(mine)}, by cargo ${String(theirs)}`];
  });
}

export class Driver {
  private step = 0;
  /** How often each was made. */
  private readonly made = new Map<Case, number>();

  constructor(readonly project: Project) {}

  /** Makes a change; gives the fact that it decides and its value. */
  change(item: Case): readonly [fact: string, value: string] {
    const before = this.made.get(item) ?? 0;
    this.made.set(item, before + 1);
    // Each time another number: odd for the first change of a kind, even for the next, and so on.
    const n = 2 * ++this.step + (before % 2 === 0 ? 1 : 0);
    return [item.fact, item.change(this.project, n)];
  }

  ours(env: NodeJS.ProcessEnv = {}): Facts {
    const result = this.project.exec(
      process.execPath,
      [this.project.cli, "run", "-q", "-p", "app", ...ARGUMENTS],
      env,
      FOLDER,
    );
    return this.facts(result);
  }

  cargos(env: NodeJS.ProcessEnv = {}): Facts {
    const own = { CARGO_TARGET_DIR: this.project.path("native"), ...env };
    return this.facts(this.project.exec("cargo", ["run", "-q", "-p", "app", ...ARGUMENTS], own, FOLDER));
  }

  private facts({ code, stdout, stderr: all }: Result): Facts {
    // (That there are two files of configuration cargo says whatever it was asked.)
    const stderr = all.replace(/^warning: both `.*` and `.*` exist\. Using .*\n/gm, "");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return factsOf(stdout);
  }
}
