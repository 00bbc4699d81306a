/** What the settings make of cargo's options. Runs nothing. */
import type { ServerSettings } from "../../../../shared/src/lsp.js";
import type { CargoSelection, Selection } from "../../core/cargo/selection.js";
import { type BuildKind, type CommonBuild, ownBuild } from "../protocol/api.js";

/** What an option of cargo's is about: any cargo command takes `global` ones, and those that build all others. */
type Concern = "global" | "packages" | "targets" | "features" | "rest";

/** Options with whether a value follows; what is not here concerns the rest. */
const OPTIONS = new Map<string, readonly [Concern, boolean]>([
  ["--locked", ["global", false]],
  ["--offline", ["global", false]],
  ["--frozen", ["global", false]],
  ["--config", ["global", true]],
  ["-Z", ["global", true]],
  ["-p", ["packages", true]],
  ["--package", ["packages", true]],
  ["--exclude", ["packages", true]],
  ["--workspace", ["packages", false]],
  ["--all", ["packages", false]],
  ["-F", ["features", true]],
  ["--features", ["features", true]],
  ["--all-features", ["features", false]],
  ["--no-default-features", ["features", false]],
  // Dependencies may be those of a platform.
  ["--target", ["features", true]],
  ["--bin", ["targets", true]],
  ["--example", ["targets", true]],
  ["--test", ["targets", true]],
  ["--bench", ["targets", true]],
  ["--lib", ["targets", false]],
  ["--bins", ["targets", false]],
  ["--examples", ["targets", false]],
  ["--tests", ["targets", false]],
  ["--benches", ["targets", false]],
  ["--all-targets", ["targets", false]],
]);

/**
 * The selection of one kind of build, in `root`. The command line makes the same one of the same options. `specOf`: how cargo is told of a
 * member.
 */
export function selectionOf(
  kind: BuildKind,
  root: string,
  cargo: ServerSettings["cargo"],
  specOf: (name: string) => string = (name) => name,
): CargoSelection {
  const concerned = sorted(cargo.extraArgs);
  const given = cargo.extraArgs.length === 0 ? [] : concerned.all.filter(([concern]) => concern !== "global");
  const own = ownBuild(kind);
  const common = own?.common ?? kind;
  const selection = {
    kind: "cargo",
    command: common === "test" ? "test" : "build",
    cwd: root,
    manifestPath: undefined,
    features: featureArguments(cargo),
    profile: cargo.profile ?? undefined,
    global: concerned.of("global"),
  } as const;
  if (own !== undefined) {
    const kept = given.filter(([concern]) => concern !== "packages" && concern !== "targets");
    return {
      ...selection,
      targets: [...texts(kept), "--package", specOf(own.package), ...OWN_TARGETS[own.common]],
      // (Tests look for the programs of their package where cargo leaves them.)
      ...(own.common === "test" ? {} : { finalDirectory: `${own.common}-${own.package}` }),
    };
  }
  const whole = concerned.of("packages").length > 0 || common === "build" ? [] : ["--workspace"];
  return { ...selection, targets: [...texts(given), ...whole, ...TARGETS[kind as CommonBuild]] };
}

/** The selection of a source file without a package. */
export function fileSelection(file: string, root: string): Selection {
  return { kind: "file", command: "build", cwd: root, file, source: file, rustcArgs: [] };
}

const TARGETS: Readonly<Record<CommonBuild, readonly string[]>> = {
  build: [],
  test: [],
  examples: ["--examples"],
  members: ["--bins"],
};

const OWN_TARGETS = { build: ["--bins"], test: [], examples: ["--examples"] } as const;

/** What chooses packages, as `cargo tree` takes it. */
export function packagesOf({ targets }: CargoSelection): string[] {
  return sorted(targets)
    .of("packages")
    .map((arg) => (arg === "--all" ? "--workspace" : arg));
}

/** What decides about features. */
export function featuresOf({ targets, features }: CargoSelection): string[] {
  return [...sorted(targets).of("features"), ...features];
}

function featureArguments(cargo: ServerSettings["cargo"]): string[] {
  if (cargo.features === "all") return ["--all-features"];
  return [
    ...cargo.features.flatMap((feature) => ["--features", feature]),
    ...(cargo.noDefaultFeatures ? ["--no-default-features"] : []),
  ];
}

type Sorted = readonly (readonly [Concern, string])[];

function texts(args: Sorted): string[] {
  return args.map(([, text]) => text);
}

/** Tells apart what options are about. A value goes with its option. */
function sorted(args: readonly string[]): { readonly all: Sorted; of(wanted: Concern): string[] } {
  const all: [Concern, string][] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const [concern, takesValue] = OPTIONS.get(arg) ?? [withValue(arg), false];
    all.push([concern, arg]);
    const value = args[at + 1];
    if (takesValue && value !== undefined) {
      all.push([concern, value]);
      at++;
    }
  }
  return { all, of: (wanted) => texts(all.filter(([concern]) => concern === wanted)) };
}

/** What an option is about that holds its value: `--package=a`, `-pa`. */
function withValue(arg: string): Concern {
  const name = /^--[^=]+(?==)|^-[a-zA-Z](?=.)/.exec(arg)?.[0] ?? "";
  const [concern, takesValue] = OPTIONS.get(name) ?? ["rest", false];
  return takesValue ? concern : "rest";
}
