/**
 * cargo's options, and what becomes of each: one table for parsing, for help, and for what cargo is given when it captures.
 * What is in no line of it is cargo's to judge: see `handOver.ts`.
 */
import { type Command, InvalidArgumentError, Option } from "commander";

/** The commands that take cargo's options. */
export type Kind = "run" | "build" | "test" | "watch";

/**
 * Who deals with an option: this program (`own`); cargo, whenever it is asked what to build (`targets`: by commands that build
 * alone; `features`, `global`: by `cargo metadata` as well); or cargo does the whole command (`handed`).
 */
type Dealer = "own" | "targets" | "features" | "global" | "handed";

interface CargoOption {
  readonly flags: string;
  readonly help: string;
  readonly dealer: Dealer;
  /** All if it is not said. */
  readonly kinds?: readonly Kind[];
  /** It may be given several times. */
  readonly isList?: boolean;
  /** What counts is how often it is given. */
  readonly isCounted?: boolean;
  /** It may stand in front of the command. */
  readonly isEarly?: boolean;
  readonly isHidden?: boolean;
  readonly choices?: readonly string[];
}

const SEVERAL: readonly Kind[] = ["build", "test", "watch"];

const OPTIONS: readonly CargoOption[] = [
  { flags: "--manifest-path <PATH>", help: "path to Cargo.toml", dealer: "own" },
  { flags: "-p, --package <SPEC>", help: "package to build", dealer: "targets", isList: true },
  { flags: "--bin <NAME>", help: "this program", dealer: "targets", isList: true },
  { flags: "--example <NAME>", help: "this example", dealer: "targets", isList: true },
  { flags: "-F, --features <FEATURES>", help: "features to activate", dealer: "features", isList: true },
  { flags: "--no-default-features", help: "do not activate the default feature", dealer: "features" },
  { flags: "--all-features", help: "activate all features", dealer: "features" },
  { flags: "-r, --release", help: "the release profile", dealer: "own" },
  { flags: "--profile <PROFILE>", help: "the profile to build with", dealer: "own" },
  { flags: "--target <TRIPLE>", help: "the platform to build for", dealer: "targets", isList: true },
  { flags: "--target-dir <DIR>", help: "where to build", dealer: "own" },
  { flags: "--locked", help: "Cargo.lock must stay as it is", dealer: "global", isEarly: true },
  { flags: "--offline", help: "no network", dealer: "global", isEarly: true },
  { flags: "--frozen", help: "--locked and --offline", dealer: "global", isEarly: true },
  { flags: "--config <KEY=VALUE>", help: "override a setting of cargo", dealer: "global", isList: true, isEarly: true },
  { flags: "--ignore-rust-version", help: "ignore the packages' rust-version", dealer: "targets" },
  { flags: "--keep-going", help: "build what can be built", dealer: "targets", kinds: ["run", "build", "watch"] },
  { flags: "-j, --jobs <N>", help: "how many compilers run at a time", dealer: "targets" },
  { flags: "-q, --quiet", help: "no progress", dealer: "own", isEarly: true },
  {
    flags: "-v, --verbose",
    help: "say what went through LLVM, and why",
    dealer: "own",
    isCounted: true,
    isEarly: true,
  },
  { flags: "--color <WHEN>", help: "colours", dealer: "own", isEarly: true, choices: ["auto", "always", "never"] },
  // For `watch`, `--test` is what to do after a save, not the name of a target.
  { flags: "--test <NAME>", help: "this integration test", dealer: "targets", isList: true, kinds: ["build", "test"] },
  { flags: "--workspace", help: "all packages of the workspace", dealer: "targets", kinds: SEVERAL },
  { flags: "--all", help: "all packages", dealer: "targets", kinds: SEVERAL, isHidden: true },
  { flags: "--exclude <SPEC>", help: "not this package", dealer: "targets", isList: true, kinds: SEVERAL },
  { flags: "--lib", help: "the library", dealer: "targets", kinds: SEVERAL },
  { flags: "--bins", help: "all programs", dealer: "targets", kinds: SEVERAL },
  { flags: "--examples", help: "all examples", dealer: "targets", kinds: SEVERAL },
  { flags: "--tests", help: "all tests", dealer: "targets", kinds: SEVERAL },
  { flags: "--bench <NAME>", help: "this benchmark", dealer: "targets", isList: true, kinds: SEVERAL },
  { flags: "--benches", help: "all benchmarks", dealer: "targets", kinds: SEVERAL },
  { flags: "--all-targets", help: "everything", dealer: "targets", kinds: SEVERAL },
  { flags: "--no-fail-fast", help: "run all targets even if one fails", dealer: "own", kinds: ["test"] },
  { flags: "--no-run", help: "build, but do not run", dealer: "own", kinds: ["test"] },
  { flags: "--doc", help: "documentation tests only (by cargo)", dealer: "own", kinds: ["test"] },
  { flags: "--message-format <FMT>", help: "how messages look: human, short …", dealer: "own", isList: true },
  { flags: "--timings [FMTS]", help: "report how long units take (by cargo)", dealer: "handed" },
  { flags: "--future-incompat-report", help: "report what will break (by cargo)", dealer: "handed", kinds: SEVERAL },
  { flags: "-Z <FLAG>", help: "unstable (by cargo)", dealer: "handed", isList: true, isEarly: true },
];

export type OptionValues = Readonly<Record<string, unknown>>;

/** Adds the options of a command; `early`: those that may stand in front of it. */
export function addCargoOptions(command: Command, kind: Kind | "early"): Command {
  for (const item of OPTIONS) {
    const isTaken = kind === "early" ? item.isEarly === true : item.kinds?.includes(kind) !== false;
    if (isTaken) command.addOption(toOption(item));
  }
  return command;
}

function toOption({ flags, help, isList, isCounted, isHidden, choices }: CargoOption): Option {
  const option = new Option(flags, help);
  if (isHidden === true) option.hideHelp();
  if (isList === true) {
    option.argParser((value, list: readonly string[] | undefined) => [...(list ?? []), value]);
  } else if (choices !== undefined) {
    option.choices(choices);
  } else if (isCounted === true) {
    option.preset("").argParser((_, before: number | undefined) => (before ?? 0) + 1);
  } else {
    const isFlag = !option.required && !option.optional;
    // With one, the parser is called for a flag as well. (What a flag negates is true before.)
    if (isFlag) option.preset("");
    option.argParser((value, before: unknown) => {
      if (before !== (option.negate ? true : undefined)) throw new InvalidArgumentError("It was given already.");
      return isFlag ? !option.negate : value;
    });
  }
  return option;
}

/** Whether an argument is an option whose value is the next one. */
export function takesValue(arg: string): boolean {
  return OPTIONS.some(({ flags }) => {
    const { required, long, short } = new Option(flags);
    return required && (long === arg || short === arg);
  });
}

/** Values of options in front of the command, and of those behind it. */
export function together(early: OptionValues, late: OptionValues): OptionValues {
  const all: Record<string, unknown> = { ...early };
  for (const [name, value] of Object.entries(late)) {
    const before = all[name];
    all[name] =
      Array.isArray(before) && Array.isArray(value) ? [...(before as unknown[]), ...(value as unknown[])] : value;
  }
  return all;
}

/** The options of a dealer as cargo spells them. */
export function spelled(values: OptionValues, dealer: Dealer): string[] {
  return OPTIONS.filter((item) => item.dealer === dealer).flatMap((item) => {
    const option = new Option(item.flags);
    const flag = option.long ?? option.short ?? "";
    const value = values[option.attributeName()];
    if (option.negate) return value === false ? [flag] : [];
    if (value === true) return [flag];
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    return list.flatMap((each) => (typeof each === "string" ? [flag, each] : []));
  });
}
