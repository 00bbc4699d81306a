/**
 * Whatever cargo builds from: when it changes, Cranefly runs what cargo would run. `npm run inputs -- --seed N --steps N` makes changes
 * at random, and asks cargo after each.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationReport } from "../../shared/src/report.js";
import { HAS_ENGINE, type Project } from "./project.js";
import { CASES, type Case, EDIT, LAST } from "./inputs/cases.js";
import { Driver, differences, factsOf } from "./inputs/driver.js";
import { ENVIRONMENTS } from "./inputs/environments.js";
import { ARGUMENTS, FOLDER, inputsProject } from "./inputs/project.js";
import { Watch } from "./watching.js";

const { CRANEFLY_INPUTS_SEED: seed, CRANEFLY_INPUTS_STEPS: steps = "40" } = process.env;

describe.runIf(HAS_ENGINE)("a build's inputs", () => {
  let project: Project;
  let driver: Driver;
  beforeAll(() => {
    project = inputsProject();
    driver = new Driver(project);
  });
  afterAll(() => project.remove());

  /** Makes a change and waits for the program that has it; gives the reports until then. */
  async function changed(watch: Watch, item: Case): Promise<GenerationReport[]> {
    const [fact, value] = driver.change(item);
    const reports: GenerationReport[] = [];
    for (;;) {
      const line = await watch.next(() => true);
      if (line.startsWith("{")) reports.push(GenerationReport.parse(JSON.parse(line)));
      if (line.startsWith("source=") && factsOf(line).get(fact) === value) return reports;
    }
  }

  it.runIf(seed === undefined)("are seen by a watch, each of them, and are cargo's", { timeout: 900_000 }, async () => {
    const watch = new Watch(project, ["--run", "-p", "app", ...ARGUMENTS], FOLDER);
    await watch.next((line) => line.startsWith("source="));
    for (const item of CASES) {
      const began = performance.now();
      try {
        await changed(watch, item);
      } catch (error) {
        throw new Error(`${item.name}: ${item.fact} is not what it should be`, { cause: error });
      }
      console.log(`${item.name}: ${Math.round(performance.now() - began)} ms`);
    }
    // Once all of that is settled no input is seen as changed that is not.
    await changed(watch, EDIT);
    const lanes = (await changed(watch, EDIT)).map(({ lane }) => lane);
    expect(lanes).not.toEqual([]);
    expect(lanes).not.toContain("cargo");
    await watch.end();
    for (const item of CASES) item.show?.(project);
    expect(differences(driver.ours(), driver.cargos())).toEqual([]);
  });

  it.runIf(seed === undefined).each(ENVIRONMENTS)(
    "count if they are variables: $name",
    ({ fact, variables, values }) => {
      for (const value of values) expect(driver.ours(variables(project, value)).get(fact)).toBe(value);
      // (Without variables cargo is asked at the end.)
      if (values.at(-1) === "none") return;
      const last = variables(project, values.at(-1) ?? "");
      expect(differences(driver.ours(last), driver.cargos(last))).toEqual([]);
    },
  );

  it.runIf(seed === undefined)("are looked at in each update if cargo does", () => {
    for (const item of LAST) {
      const [fact, value] = driver.change(item);
      expect(driver.ours().get(fact), item.name).toBe(value);
    }
    expect(differences(driver.ours(), driver.cargos())).toEqual([]);
  });

  it.runIf(seed !== undefined)("are cargo's in any order", { timeout: 3_600_000 }, () => {
    let state = Number(seed);
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return Math.floor((state / 0x8000_0000) * below);
    };
    for (let step = 0; step < Number(steps); step++) {
      const item = CASES[random(CASES.length)];
      const environment = random(4) === 0 ? ENVIRONMENTS[random(ENVIRONMENTS.length)] : undefined;
      if (item === undefined) throw new Error("no case");
      const [fact, value] = driver.change(item);
      const env = environment?.variables(project, environment.values[random(environment.values.length)] ?? "");
      const ours = driver.ours(env);
      item.show?.(project);
      const cargos = driver.cargos(env);
      console.log(
        `${step}: ${item.name}, ${environment?.name ?? "no variable"}: ${fact}=${String(cargos.get(fact))} (${value})`,
      );
      expect(differences(ours, cargos), item.name).toEqual([]);
    }
  });
});
