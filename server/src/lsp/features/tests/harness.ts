/** What a harness is: the package and target that it was made of, and how it is started. */
import * as path from "node:path";
import { URI } from "vscode-uri";
import type { TestHarness } from "../../../../../shared/src/lsp.js";
import { inspectArgs } from "../../../core/units/arguments.js";
import type { Metadata } from "../../../core/cargo/cargo.js";
import type { Layout } from "../../../core/support/layout.js";
import { type Command, programCommand } from "../../../core/cargo/programStart.js";
import type { SelectionState, Start } from "../../../core/cargo/selection.js";
import type { Program } from "../../../core/units/program.js";
import { needUnit } from "../../../core/units/record.js";

/** A harness without its tests. */
export interface Harness {
  readonly shown: Omit<TestHarness, "tests" | "problem">;
  /** The crate's name, with which its functions' names begin. */
  readonly crate: string;
  readonly program: Program;
  readonly start: Start;
}

/** The harnesses of a build of the tests, in cargo's order. Throws `MissingUnit`. */
export function harnessesOf(layout: Layout, state: SelectionState, metadata: Metadata | undefined): Harness[] {
  return state.starts.flatMap((start): Harness[] => {
    const program = state.programs.find((item) => item.name === start.program);
    return program === undefined ? [] : [describe(layout, program, start, metadata)];
  });
}

/** How cargo would start a harness with `args`. `env`: the project's. */
export function harnessCommand(
  state: SelectionState,
  harness: Harness,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Command {
  return programCommand(state.runner, harness.start, harness.program, args, env);
}

function describe(layout: Layout, program: Program, start: Start, metadata: Metadata | undefined): Harness {
  const { invocation, crate } = needUnit(layout, program.unit);
  const { isTest, source = "" } = inspectArgs(invocation.args);
  const file = path.resolve(invocation.cwd, source);
  const manifestDirectory = invocation.env["CARGO_MANIFEST_DIR"] ?? invocation.cwd;
  const owner = metadata?.packages.find((item) => path.dirname(item.manifest_path) === manifestDirectory);
  const bin = invocation.env["CARGO_BIN_NAME"] ?? undefined;
  const target = owner?.targets.find(
    (item) => item.src_path === file && (bin === undefined || (item.kind.includes("bin") && item.name === bin)),
  );
  return {
    shown: {
      program: program.name,
      package: invocation.env["CARGO_PKG_NAME"] ?? owner?.name ?? crate,
      target: target?.name ?? bin ?? crate,
      kind: kindOf(target?.kind, bin, start.label),
      label: start.label,
      uri: URI.file(file).toString(),
      harness: isTest,
    },
    crate,
    program,
    start,
  };
}

/** cargo's kind of a target; without its word for it, from how it is called. */
function kindOf(kinds: readonly string[] | undefined, bin: string | undefined, label: string): TestHarness["kind"] {
  for (const kind of ["bin", "test", "example", "bench"] as const) if (kinds?.includes(kind) === true) return kind;
  if (kinds !== undefined) return "lib";
  if (bin !== undefined) return "bin";
  return label.startsWith("unittests ") ? "lib" : "test";
}
