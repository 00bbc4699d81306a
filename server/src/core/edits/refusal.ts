/**
 * Why an edit is not taken alone, or not by the faster of two ways: one type for everything that may say so. It is counted and tested
 * by its kind; the words for the user are here, and nowhere else.
 */

type Words = Readonly<Record<string, string>>;

/** The user's words for what `classify` refuses by; `{}` is where the detail of a refusal stands. */
const TEXT_WORDS = {
  // What changed is more than the bodies of functions.
  impl: "an impl of `{}`",
  module: "the module `{}`",
  macro: "the macro `{}`",
  macroCall: "a call of the macro `{}`",
  moduleAttribute: "an attribute of the module `{}`",
  externCrate: "an extern crate `{}`",
  externBlock: "an extern block `{}`",
  otherText: "line {}, outside of function bodies",
  sameName: "several items of the name `{}`",
  movedBehindMacro: "`{}` has moved past a macro",
  innerAttribute: "an attribute in the body of `{}`",
  innerItem: "an item in the body of `{}`",
  // Others see into the body.
  constFn: "a const fn may run at compile time",
  nestedAsync: "an async fn's body decides the type of its future",
  genFn: "a gen fn's body decides the type of its iterator",
  implTrait: "the body decides the type behind impl Trait",
  attributeMacro: "the attribute {} may be a macro",
  // It cannot be read.
  syntaxError: "a syntax error in `{}`",
  unknownSyntax: "a syntax error, or syntax that is not known here, near line {}",
  unreadable: "cannot read it: {}",
} as const satisfies Words;

/** The user's words for what else ends an attempt. */
const OTHER_WORDS = {
  // The parser.
  lostBody: "the body of `{}` cannot be found again",
  parserFailed: "the parser failed",
  // The file, or the crate, is not what the crate lane compiled last.
  noSource: "a file that is no source ({})",
  unknownText: "a file whose compiled text is not known ({})",
  goneFile: "a file that is gone, or no text ({})",
  changedMeanwhile: "a file that changed while it was compiled",
  variable: "an environment variable",
  goneMetadata: "a crate whose metadata is gone",
  goneBitcode: "a crate whose bitcode is gone",
  crateBehind: "a crate that waits for the crate lane",
  unpublished: "a crate that was compiled and is not in the programs yet",
  // The crate, or what the edit needs of others.
  procMacro: "a procedural macro is the crate lane's",
  noDebugInfo: "a profile without debug info",
  optimised: "an optimised profile",
  needsRlib: "a library that build scripts, procedural macros or native code link to",
  option: "the compiler option {}",
  macroEffect: "a call of the macro `{}`, which may make what nothing refers to",
  sharedBoth: "a generic or inline function of a library, and one of a crate that uses it",
  sharedOptions: "a generic or inline function that others compile with other options",
  crateFailed: "a crate that did not compile as a whole",
  unheardItems: "new or changed items, of which only the whole crate shows every error",
  lintOutside: "the lint {} is denied, and may report elsewhere in the crate",
  firstEdit: "a crate that is edited for the first time",
  slowOverlay: "an overlay that is no faster than the crate",
  engine: "{}",
  manyCallers: "very many functions lead to an edited generic function",
  noNamedCaller: "an edited generic function that nothing with a name instantiates",
  // rustc's word on the edit.
  mistake: "the edited function does not compile",
  deniedLint: "the lint {} is denied",
  // The users of a library may see it.
  seenBody: "the body of `{}`, which its users have",
  bodyMacros: "a call of a macro in `{}` that may make items",
  unknownMacro: "the macro `{}`, which may make items",
  otherInputs: "other files, variables or libraries",
  otherCrates: "which crates it loads",
  movedLines: "lines that its users have",
  // The overlay.
  scattered: "the sources of `{}` lie all over the disk",
  unwritable: "the overlay cannot be written: {}",
  foreignFile: "`{}` is not among the sources of the crate",
  includedFile: "`{}` may be read by an include macro",
  unnamed: "`{}` cannot be named",
  unnamedEdit: "the edited function cannot be named",
  unnamedCaller: "a function that instantiates it cannot be named",
  overlayError: "the blanked crate does not compile: {}",
  overlayGivenUp: "the blanked crate did not compile",
  // The public twin.
  noTwin: "no public twin yet",
  noLinkedTwin: "no public twin yet of `{}`, which uses a changed library",
  twinChanged: "a file that changed while its twin was made",
  twinUnparsed: "a file that cannot be parsed",
  twinUnread: "a file that cannot be read",
  twinError: "its public twin does not compile: {}",
  privacy: "a name that privacy gives another meaning",
  mayBePrivate: "a name that may be private to others ({})",
  // The patch crate.
  patchGivenUp: "it did not compile before",
  patchError: "a patch crate that does not compile ({})",
  patchLint: "a denied lint reports",
  readAsData: "a source that is read as data, too",
  unknownModule: "a file whose module is not known",
  instantiable: "a function that other crates may instantiate",
  manyInstances: "very many instances of an edited generic function",
  unnamedInstance: "a generic function with instances for types that a patch crate cannot name",
  bodyItems: "items in the body",
  includeMacro: "a macro that reads a file",
  longMacro: "a macro of several lines that have to stay",
  ambiguousMacro: "several macros of one name",
  ambiguousModule: "two modules of one name",
  nothingToPatch: "there is nothing to patch",
  lostFunction: "a function is not found again",
  implWithoutType: "an impl without a type",
  madeTest: "an attribute macro that makes a test",
  renamingMacro: "an attribute macro that would see another name",
  wideCharacters: "characters of several bytes",
  sharedLine: "a function that begins on another item's line",
  noOtherName: "a method whose name leaves no other",
  unnamedFunction: "a function without a name",
  // What is new means something to code that was not edited.
  itemsOff: "new, gone or changed items",
  functionSet: "a function was added, removed or moved",
  signature: "the signature or the attributes of `{}`",
  import: "an import",
  constant: "the constant `{}`",
  type: "the type `{}`",
  static: "the static `{}`",
  struct: "the struct `{}`",
  enum: "the enum `{}`",
  union: "the union `{}`",
  trait: "the trait `{}`",
  goneMentioned: "`{}` is gone and still mentioned",
  globImport: "a glob import of `{}`",
  reexport: "a public import",
  traitInScope: "`{}` may be a trait, and there are functions that a patch crate cannot hold",
  traitGone: "`{}`, which may be a trait, is no longer imported",
  fixedMention: "`{}` is mentioned where a patch crate cannot follow",
  manyMentions: "`{}` is mentioned very often",
  mentionedElsewhere: "`{}` is mentioned in a crate that uses it",
  ambiguousName: "a name that two glob imports bring",
  hiddenName: "`{}` would hide a name that macros may mean",
  namedUpstream: "`{}` is a word in a crate of the workspace whose macros may write it",
  namesOfMacro: "a name that the macro `{}` may write where nobody sees it",
  hiddenImport: "a name that `use {}`, of a macro, may bring elsewhere",
  renamedCrate: "a name that a macro of a crate by another name may write",
  otherImpl: "an impl of `{}`, which is declared elsewhere",
  otherMethod: "several methods of the name `{}`, of types that one may be for the other",
  derefType: "a method of `{}`, which derefs to another type",
  rawName: "the raw name `{}`",
  itemAttribute: "an item with the attribute {}",
  newTest: "the test `{}`",
  unknownTests: "a list of tests that cannot be told",
  methodForm: "a method of a form that traits do not have (`{}`)",
  deniedItemLint: "a lint about items is denied",
  longToken: "a token of several lines in a header",
  parameterAttribute: "a parameter with attributes",
} as const satisfies Words;

const WORDS = { ...TEXT_WORDS, ...OTHER_WORDS };

/** What an edit of a text is refused by, without a look at its crate. */
export type TextRefusalKind = keyof typeof TEXT_WORDS;
export type RefusalKind = keyof typeof WORDS;

/** Kinds whose detail is no name of the user's, but a word of rustc's or of the engine's: they are counted by it, too. */
const COUNTED_BY_DETAIL: ReadonlySet<RefusalKind> = new Set<RefusalKind>([
  "engine",
  "option",
  "deniedLint",
  "patchError",
  "attributeMacro",
]);

const HOLE = /`?\{\}`?/;
/** A detail that is only added to what is said without it. */
const ADDED_HOLE = /(: | \(| )`?\{\}`?\)?$/;

export class Refusal {
  /** `places`: the file, and the function in it, outermost first. */
  constructor(
    readonly kind: RefusalKind,
    readonly detail?: string,
    readonly places: readonly string[] = [],
  ) {}

  /** The same, said of something in a file, or in a function. */
  within(place: string): Refusal {
    return new Refusal(this.kind, this.detail, [place, ...this.places]);
  }

  /** In the user's words. */
  get text(): string {
    return [...this.places, this.words()].join(": ");
  }

  /** In words without the names in it: what it is counted by. */
  get category(): string {
    if (this.detail === undefined || COUNTED_BY_DETAIL.has(this.kind)) return this.words();
    const words: string = WORDS[this.kind];
    return words.replace(/(: \{\}| \(\{\}\))$/, "").replace(HOLE, "…");
  }

  private words(): string {
    const { detail } = this;
    const words: string = WORDS[this.kind];
    if (detail === undefined) return words.replace(ADDED_HOLE, "");
    return words.replace("{}", () => detail);
  }
}

/** Thrown where a refusal is found deep within what it ends. */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.text);
    this.name = "Refused";
  }
}

/** Throws: nothing behind it is of use. */
export function refuse(kind: RefusalKind, detail?: string): never {
  throw new Refused(new Refusal(kind, detail));
}
