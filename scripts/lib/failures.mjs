// What failed, said again at the end: in the log of a long run the place where it happened is hard to find.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { repository } from "./paths.mjs";

const folder = join(repository, "target", "tests", "results");
// A failed comparison of two long texts prints both.
const longest = 1500;

const resultsOf = (step) => join(folder, `${step}.json`);

/**
 * Arguments that make vitest write a step's results to a file, beside what it prints.
 *
 * @param {string} step
 * @returns {string[]}
 */
export function reportersFor(step) {
  mkdirSync(folder, { recursive: true });
  rmSync(resultsOf(step), { force: true });
  return ["--reporter=default", "--reporter=json", `--outputFile.json=${resultsOf(step)}`];
}

/**
 * The tests of a step that failed, each with its messages. Empty for steps that write no results.
 *
 * @param {string} step
 * @returns {{ name: string, messages: string[] }[]}
 */
export function failuresOf(step) {
  let results;
  try {
    results = JSON.parse(readFileSync(resultsOf(step), "utf8"));
  } catch {
    return [];
  }
  return results.testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(repository, name);
    const failed = assertionResults.filter(({ status }) => status === "failed");
    // A file that fails outside its tests, while it is loaded or in a hook, has a message of its own.
    const ofFile = message === "" || failed.length > 0 ? [] : [{ name: file, messages: [message] }];
    const ofTests = failed.map((test) => ({ name: `${file}: ${test.fullName}`, messages: test.failureMessages }));
    return [...ofFile, ...ofTests];
  });
}

/**
 * @param {{ name: string, messages: string[] }} failure
 * @returns {string[]} its name, and what it said
 */
export const inFull = ({ name, messages }) => [name, ...messages.map((text) => `    ${text.slice(0, longest)}`)];

/**
 * For the end of the log, which is all that is seen of it in some places.
 *
 * @param {{ name: string, messages: string[] }} failure
 * @returns {string} one line
 */
export const inShort = ({ name, messages }) => `${name}: ${(messages[0] ?? "").split("\n")[0].slice(0, 200)}`;
