/** What the settings make of cargo's options. Runs nothing. */
import type { ServerSettings } from "../../../../shared/src/lsp.js";
import type { CargoSelection, Selection } from "../../core/cargo/selection.js";
import type { BuildKind } from "../protocol/api.js";

/** Options that every cargo command takes, with whether a value follows. */
const GLOBAL = new Map([
  ["--locked", false],
  ["--offline", false],
  ["--frozen", false],
  ["--config", true],
  ["-Z", true],
]);

/** The selection of one kind of build, in `root`. The command line makes the same one of the same options. */
export function selectionOf(kind: BuildKind, root: string, cargo: ServerSettings["cargo"]): CargoSelection {
  const { global, targets } = splitArguments(cargo.extraArgs);
  return {
    kind: "cargo",
    command: kind === "test" ? "test" : "build",
    cwd: root,
    manifestPath: undefined,
    targets: [...targets, ...packages(kind, targets), ...TARGETS[kind]],
    features: featureArguments(cargo),
    profile: cargo.profile ?? undefined,
    global,
  };
}

/** The selection of a source file without a package. */
export function fileSelection(file: string, root: string): Selection {
  return { kind: "file", command: "build", cwd: root, file, source: file, rustcArgs: [] };
}

const TARGETS: Readonly<Record<BuildKind, readonly string[]>> = {
  build: [],
  test: [],
  examples: ["--examples"],
  members: ["--bins"],
};

/** All members, unless the user chose some. */
function packages(kind: BuildKind, chosen: readonly string[]): string[] {
  const isChosen = chosen.some((arg) => /^(-p|--package\b|--workspace$|--all$|--exclude\b)/.test(arg));
  return kind === "build" || isChosen ? [] : ["--workspace"];
}

function featureArguments(cargo: ServerSettings["cargo"]): string[] {
  if (cargo.features === "all") return ["--all-features"];
  return [
    ...cargo.features.flatMap((feature) => ["--features", feature]),
    ...(cargo.noDefaultFeatures ? ["--no-default-features"] : []),
  ];
}

/** Tells apart what any cargo command takes from what chooses packages and targets. */
function splitArguments(args: readonly string[]): { readonly global: string[]; readonly targets: string[] } {
  const global: string[] = [];
  const targets: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const takesValue = GLOBAL.get(arg);
    const isGlobal = takesValue !== undefined || /^(--config=|-Z.)/.test(arg);
    (isGlobal ? global : targets).push(arg);
    const value = args[at + 1];
    if (takesValue === true && value !== undefined) {
      global.push(value);
      at++;
    }
  }
  return { global, targets };
}
