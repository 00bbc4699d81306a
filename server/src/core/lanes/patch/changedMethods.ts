/**
 * Members of types that have another signature now: methods, associated functions and constants.
 *
 * In a patch crate rustc would find the twin's, and say nothing. So a changed one has a name of its own there, and so have all places
 * that may mean it. Whether they do is rustc's to say: where it knows nothing of that name, another type's was meant, which gets its
 * name back, and the crate is compiled again. Names have the same length, so that nothing moves.
 */
import type { Node } from "web-tree-sitter";
import type { BodyEdit, CompiledText } from "../../edits/baseline.js";
import type { ItemChange } from "../../edits/itemChange.js";
import { refuse } from "../../edits/refusal.js";
import type { SourceCache } from "../../source/sourceCache.js";
import type { RenamedMember } from "./foreign.js";
import { MacroInputs, isInText } from "./harmlessMacros.js";
import type { CrateMacros } from "./macroUses.js";
import { type MacroFacts } from "./moduleFacts.js";
import { type Occurrence, occurrencesOf } from "./occurrences.js";
import { lastName } from "./otherMethods.js";
import { isFoundAsBefore, isKnownByReferences } from "./receivers.js";

/** Whether it is one of a type, and was there before. */
export function isChangedMember({ impl, before, after }: ItemChange): boolean {
  return impl !== undefined && before !== undefined && after !== undefined;
}

/**
 * Whether the engine finds all that means a function which is another one now, or gone: whatever meant the one of before has a reference to
 * it, and nothing else means the new one.
 */
export function isLeftToEngine(change: ItemChange): boolean {
  return isKnownByReferences(change) && (change.after === undefined || isFoundAsBefore(change));
}

/** Types of the language and of the prelude that values are often cast to. */
const CAST_TO: ReadonlySet<string> = new Set(
  "Box Vec String Option Result i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64 bool char str fn dyn".split(
    " ",
  ),
);

/** Which places may mean members of types. */
export class Owners {
  private readonly aliases: ReadonlySet<string>;

  constructor(texts: readonly CompiledText[]) {
    const names = (pattern: RegExp): readonly string[] =>
      texts.flatMap(({ text }) => [...text.matchAll(pattern)].map(([, name = ""]) => name));
    // An import that a macro makes may stand in its input in any form; a cast to one of these types does not.
    const written = names(/\bas\s+([\p{XID_Start}_]\p{XID_Continue}*)/gu).filter((name) => !CAST_TO.has(name));
    const imported = texts
      .flatMap(({ text }) => [...text.matchAll(/(?:^|[{};])\s*(?:pub\b(?:\s*\([^)]*\))?\s*)?use\s[^;]*/gm)])
      .flatMap(([use]) => {
        return [...use.matchAll(/\bas\s+([\p{XID_Start}_]\p{XID_Continue}*)/gu)].map(([, name = ""]) => name);
      });
    this.aliases = new Set([...written, ...imported, ...names(/\btype\s+([\p{XID_Start}_]\p{XID_Continue}*)/gu)]);
  }

  /** Whether a member of a type with this last name may be meant. What is certain to be another one is not. */
  mayMean({ kind, owner, self, isCalled }: Occurrence, type: string): boolean {
    if (kind === "method") return true;
    // (A field is none, nor is a function that it holds.)
    if (owner === ".") return isCalled && kind !== "declared";
    if (kind !== "qualified" && kind !== "verbatim") return false;
    if (owner === "") return kind === "qualified";
    const names = owner === "Self" ? [lastName(self)] : [owner];
    return names.some((name) => name === type || name === ">" || this.aliases.has(name));
  }

  /** Whether it is all but certain that one of a type with this last name is meant. */
  mustMean({ owner, self, node }: Occurrence, type: string): boolean {
    if (owner === type) return true;
    if (owner === "." && isOfType(node, type)) return true;
    const isOfSelf = owner === "Self" || (owner === "." && node?.previousSibling?.previousSibling?.type === "self");
    return isOfSelf && lastName(self) === type;
  }
}

/** Whether a method is called on a variable that its function says to be of a type with this last name. */
function isOfType(node: Node | undefined, type: string): boolean {
  const value = node?.parent?.childForFieldName("value");
  if (value?.type !== "identifier") return false;
  let outer: Node | null = value;
  while (outer !== null && outer.type !== "function_item") outer = outer.parent;
  const named = `\\s*(?:'\\w+\\s+)?(?:mut\\s+)?(?:\\w+::)*${type}\\b`;
  const said = new RegExp(`\\b${value.text}\\s*(?::|=)\\s*&?${named}`);
  return outer !== null && said.test(outer.text);
}

/** What is known of a crate in which members have other names. */
export interface RenamedCrate {
  readonly texts: readonly CompiledText[];
  /** The crate's own, by example. */
  readonly macros: readonly MacroFacts[];
  /** All macros that are known of. */
  readonly crateMacros: () => CrateMacros;
  /** Texts of crates of the workspace that it uses, and that use it. */
  readonly linked: () => readonly CompiledText[];
  /** Members of libraries. */
  readonly foreign: readonly RenamedMember[];
}

/** The names that changed members have in a patch crate, and where. */
export class Renaming {
  private readonly known = new Map<string, RenamedMember>();
  /** The places that have them, by file: the names that they had. */
  private readonly places = new Map<string, Map<number, Place>>();

  /** `edits`: with all that comes along. Throws `Refused`, and `LexError`. */
  static of(
    edits: readonly BodyEdit[],
    { texts, linked, foreign, ...crate }: RenamedCrate,
    cache: SourceCache,
  ): Renaming {
    const renaming = new Renaming();
    const changed = edits.flatMap(({ items }) => items).filter(isChangedMember);
    if (changed.length === 0 && foreign.length === 0) return renaming;
    const others = linked();
    for (const member of foreign) renaming.add(member);
    for (const change of changed) {
      const { name, impl = "" } = change;
      const taken = new Set(renaming.members.map(({ other }) => other));
      const other = renaming.known.get(name)?.other ?? otherName(name, [...texts, ...others], taken);
      renaming.add({ name, other, types: new Set([lastName(impl)]), isStrict: !isLeftToEngine(change) });
    }
    const inputs = new MacroInputs(crate.macros, crate.crateMacros());
    const owners = new Owners([...texts, ...others]);
    for (const edit of edits) renaming.place(edit, owners, inputs, cache);
    return renaming;
  }

  /** The members that have other names. */
  get members(): readonly RenamedMember[] {
    return [...this.known.values()];
  }

  private add({ name, other, types, isStrict }: RenamedMember): void {
    const known = this.known.get(name);
    // (Two libraries may have changed members of one name.)
    if (known !== undefined && known.other !== other) refuse("otherMethod", name);
    const all = new Set([...(known?.types ?? []), ...types]);
    this.known.set(name, { name, other, types: all, isStrict: isStrict || known?.isStrict === true });
  }

  private place(
    { file, text, functions, items }: BodyEdit,
    owners: Owners,
    inputs: MacroInputs,
    cache: SourceCache,
  ): void {
    const source = cache.get(file, text);
    const own = new Map<number, Place>();
    const spans = [
      ...functions.map(({ span }) => span),
      ...items.flatMap(({ after }) => (after === undefined ? [] : [{ start: after.start, end: after.span.end }])),
    ];
    const declared = new Set(items.filter(isChangedMember).map(({ after }) => after?.start));
    for (const member of this.known.values()) {
      for (const occurrence of occurrencesOf(member.name, source)) {
        const { kind, offset, node } = occurrence;
        if (!spans.some(({ start, end }) => start <= offset && offset < end)) continue;
        // A text says what it says, whatever the member is called.
        if (isInText(node)) {
          const mayBeCode = inputs.isHandedOn(node) && !inputs.isText(node, offset, file);
          if (member.isStrict && mayBeCode) refuse("fixedMention", member.name);
          continue;
        }
        const isOwn = kind === "inherent" && declared.has(node?.parent?.startIndex);
        const isMeant = isOwn || [...member.types].some((type) => owners.mayMean(occurrence, type));
        if (!isMeant) {
          if (member.isStrict && mayBecomeMember(occurrence, inputs)) refuse("fixedMention", member.name);
          continue;
        }
        if (inputs.isUnshown(node)) own.set(offset, { member, isHandedOn: inputs.isHandedOn(node) });
        // Where it stays, it means the one of before. The engine would find that.
        else if (member.isStrict) refuse("fixedMention", member.name);
      }
    }
    this.places.set(file, own);
  }

  /** A file's text with these names. */
  renamed(file: string, text: string): string {
    let out = "";
    let at = 0;
    const places = [...(this.places.get(file) ?? [])].sort(([a], [b]) => a - b);
    for (const [offset, { member }] of places) {
      out += text.slice(at, offset) + member.other;
      at = offset + member.name.length;
    }
    return out + text.slice(at);
  }

  /**
   * Gives a place its name back, of which rustc says that there is no such thing. Gives whether it was one: not where the changed
   * member's own type is the one that has it not.
   */
  restore(file: string, offset: number, message: string): boolean {
    const places = this.places.get(file);
    const place = places?.get(offset);
    if (places === undefined || place === undefined) return false;
    const { member } = place;
    // A macro may use its input twice, and only one of them is wrong.
    if (member.isStrict && place.isHandedOn) return false;
    const words = new Set(message.match(/[\p{XID_Start}_]\p{XID_Continue}*/gu) ?? []);
    const of = lastName(/ (?:found for|for) [^`]*`(?:&|mut |'\w+ )*([^`<]*)/.exec(message)?.[1] ?? "");
    if ([...member.types].some((type) => (member.isStrict ? words.has(type) : of === type))) return false;
    places.delete(offset);
    return true;
  }
}

/** A place that has a member's other name. */
interface Place {
  readonly member: RenamedMember;
  /** A macro gets it that is none of std's. */
  readonly isHandedOn: boolean;
}

/** Whether a macro may make of a name that stands for nothing itself the name of a member. */
function mayBecomeMember({ kind, owner, isCalled, node }: Occurrence, inputs: MacroInputs): boolean {
  if (kind !== "verbatim" && kind !== "macro") return false;
  return (owner === "" || (owner === "." && !isCalled)) && (kind === "macro" || inputs.isHandedOn(node));
}

/** A name of the same length that nobody has. (No crate that is in use gives a method a name like these.) `taken`: by others. */
function otherName(name: string, texts: readonly CompiledText[], taken: ReadonlySet<string>): string {
  for (const letter of "zqxjkvywuphfmgbcdlrtnsiaoe") {
    const other = `_${letter.repeat(name.length - 1)}`;
    if (other.length > 1 && !taken.has(other) && !texts.some(({ text }) => text.includes(other))) return other;
  }
  refuse("noOtherName", name);
}
