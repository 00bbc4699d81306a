/** The texts of a crate, and what is known of it besides, when an edit of its items is looked at. */
import type { CompiledText } from "../../edits/baseline.js";
import type { ForeignChange, HandedOn, HandingCrate } from "./foreign.js";
import type { ForeignMethods } from "./foreignMethods.js";
import type { Step } from "./moduleTree.js";
import type { UpstreamText } from "./upstream.js";

/** What rustc has read of a crate: as the crate lane compiled it, but for the edited files. */
export interface InputTexts {
  /** Of all sources; undefined for one whose compiled text is not known. */
  readonly texts: ReadonlyMap<string, CompiledText | undefined>;
  /** What else was read, by file, but for what is no more than a text (`plainTexts.ts`). */
  readonly others: () => ReadonlyMap<string, string>;
  /** Names under which it uses crates of a registry that are called so. */
  readonly externs: ReadonlySet<string>;
  /** Sources of the workspace's crates that it uses, directly or not: their macros may write any name. */
  readonly upstream: () => readonly UpstreamText[];
  /** It is a build with tests. */
  readonly hasTests: boolean;
  /** It is a program that runs the crate's tests, by std's own test harness. */
  readonly isHarness: boolean;
  /** An `impl Trait` in a result may hold all lifetimes: it is of edition 2024, or later. */
  readonly capturesAll: boolean;
}

/** What rustc has said of it (`answers.ts`). */
export interface Answers {
  /** Changed imports of what is no trait, by their keys. */
  readonly noTraits: ReadonlySet<string>;
  /** Names that glob imports do not bring, with the imports' paths, by their keys. */
  readonly notInGlobs: ReadonlySet<string>;
}

/** A crate's texts, and its modules. */
export interface CrateTexts extends InputTexts, Answers {
  /** The module tree, of the edited texts. */
  readonly tree: ReadonlyMap<string, readonly Step[]>;
  /** The names by which it may mention other crates. */
  readonly crateNames: ReadonlySet<string>;
  /** Those of them that lead to nothing that has changed. */
  readonly unchangedCrates: ReadonlySet<string>;
  /** Crates that use this one, as they are now. */
  readonly dependents: () => readonly InputTexts[];
  /** What has changed of the workspace's libraries that it uses. */
  readonly foreign: readonly ForeignChange[];
  /** What their public imports hand on of that. */
  readonly handed: readonly HandedOn[];
  readonly handing: HandingCrate;
  /** See `PatchLink`. */
  readonly isFacade: boolean;
  /** Crates that use this one may be compiled with its patch crate. */
  readonly isLinkable: boolean;
  /** Methods of the crates that it uses. */
  readonly foreignMethods: () => Pick<ForeignMethods, "mayComeFirst">;
  /** Whatever may mean what has changed is to come along, however unlikely that is. */
  readonly isThorough: boolean;
  /** Functions that others hold the bodies of are other items, although nothing but their bodies was edited. */
  readonly areItems: boolean;
}

/** Whether a text has a word. */
export function hasWord(text: string, name: string): boolean {
  return text.includes(name) && new RegExp(`(?<![\\p{XID_Continue}])${name}(?![\\p{XID_Continue}])`, "u").test(text);
}

/** Whether anything that rustc has read of a crate has a word. */
export function mentions({ texts, others }: InputTexts, name: string): boolean {
  return [...[...texts.values()].map((source) => source?.text ?? ""), ...others().values()].some((text) => {
    return hasWord(text, name);
  });
}
