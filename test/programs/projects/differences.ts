/** Says where two sessions differ, for people. */
import type { Outcome } from "../support/process.js";
import type { Step } from "./project.js";
import type { Seen } from "./session.js";

/** Differences between two sessions of the same steps; empty if what is seen is the same. */
export function sessionDifferences(steps: readonly Step[], native: Seen, ours: Seen): string[] {
  const names = [...new Set([...native.files.keys(), ...ours.files.keys()])].sort();
  return [
    ...steps.flatMap((step, n) => {
      const [theirs, mine] = [native.steps[n], ours.steps[n]];
      return theirs === undefined || mine === undefined
        ? ["a step is missing"]
        : outcomeDifferences(step, theirs, mine);
    }),
    ...names
      .filter((name) => native.files.get(name) !== ours.files.get(name))
      .map((name) => `the file ${name}: ${presence(native, name)} natively, ${presence(ours, name)} through Cranefly`),
  ];
}

export function outcomeDifferences({ args }: Step, native: Outcome, ours: Outcome): string[] {
  const what = `\`${args.join(" ")}\``;
  return [
    ...(native.code === ours.code && native.signal === ours.signal
      ? []
      : [`${what}: ${ending(native)} natively, ${ending(ours)} through Cranefly: ${ours.stderr.slice(-1000)}`]),
    ...(["stdout", "stderr"] as const).flatMap((stream) =>
      native[stream] === ours[stream] ? [] : [`${what}, ${stream}: ${firstDifference(native[stream], ours[stream])}`],
    ),
  ];
}

function presence({ files }: Seen, name: string): string {
  return files.get(name)?.slice(0, 12) ?? "missing";
}

export function ending({ code, signal }: Outcome): string {
  return code === null ? (signal ?? "no exit code") : `exit code ${code}`;
}

function firstDifference(native: string, ours: string): string {
  const [theirs, mine] = [native.split("\n"), ours.split("\n")];
  const line = theirs.findIndex((text, n) => text !== mine[n]);
  const at = line < 0 ? theirs.length : line;
  const quote = (text: string | undefined): string =>
    text === undefined ? "nothing" : JSON.stringify(text.slice(0, 300));
  return `line ${at + 1} is ${quote(theirs[at])} natively, ${quote(mine[at])} through Cranefly`;
}
