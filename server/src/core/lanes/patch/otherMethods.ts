/**
 * Whether a changed method may be found, by the name that it has in a patch crate alone, where the crate finds another one.
 *
 * `value.name()` means the first method of that name on the way from the value's type to those that it derefs to, by value before by
 * reference. With a name of its own the changed method has no competitors. So there must be none that come before it: no method of
 * a type that derefs to the changed one's, no trait's that references or such types have, and none of the type itself that takes it
 * otherwise. (Those that come behind it lose in both.)
 */
import type { Node } from "web-tree-sitter";
import type { CompiledText } from "../../edits/baseline.js";
import { refuse } from "../../edits/refusal.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { occurrencesOf } from "./occurrences.js";
import { METHODS_OF_TRAITS } from "./preludeNames.js";
import { receiverOfNode } from "./receivers.js";

/** A method with a receiver, and the last name of the type that it is one of. */
export interface MethodName {
  readonly name: string;
  readonly type: string;
  readonly receiver: string;
}

/** `isUpstream`: whether macros of the workspace's crates may write a name. Throws `Refused`. */
export function checkOtherMethods(
  method: MethodName,
  texts: readonly CompiledText[],
  isUpstream: (name: string) => boolean,
  cache: SourceCache,
): void {
  const { name, type } = method;
  if (METHODS_OF_TRAITS.has(name)) refuse("hiddenName", name);
  const isIterator = new RegExp(`\\b\\w*(Iterator|Stream|Read)\\s+for\\b[^{;]*\\b${type}\\b`);
  if (OF_ITERATORS.has(name) && texts.some(({ text }) => isIterator.test(text))) refuse("hiddenName", name);
  const hasPointer = texts.some(({ text }) => /\b(Pin|Cow)\b/.test(text));
  if (OF_POINTERS.has(name) && hasPointer) refuse("hiddenName", name);
  const pointers = new Pointers(texts);
  /** Own traits that have such a method, and whether it takes its receiver as ours does. */
  const traits = new Map<string, boolean>();
  let own = 0;
  for (const { file, text } of texts) {
    if (!text.includes(name)) continue;
    for (const { kind, node, self, fn, offset } of occurrencesOf(name, cache.get(file, text))) {
      if (kind === "inherent") {
        const other = lastName(self);
        own += Number(other === type);
        if ((other !== type || own > 1) && pointers.has(other)) refuse("otherMethod", name);
      }
      if ((kind === "macro" || (kind === "verbatim" && fn === undefined)) && isNamed(text, offset)) {
        refuse("otherMethod", name);
      }
      const declaration = kind === "declared" ? node?.parent : undefined;
      const trait = declaration?.parent?.parent;
      if (declaration === undefined || declaration === null || !/^function_/.test(declaration.type)) continue;
      const traitName = trait?.type === "trait_item" ? "name" : trait?.type === "impl_item" ? "trait" : undefined;
      if (traitName === undefined) continue;
      const called = lastName(trait?.childForFieldName(traitName)?.text ?? "");
      const isAlike = receiverOfNode(declaration) === method.receiver;
      traits.set(called, isAlike && traits.get(called) !== false);
    }
  }
  for (const [trait, isAlike] of traits) {
    if (isUpstream(trait)) refuse("otherMethod", name);
    for (const { self, parameters } of implsOf(trait, texts, cache) ?? refuse("otherMethod", name)) {
      const base = lastName(self);
      const isHarmless = base === type ? isAlike : !parameters.has(base) && pointers.isNone(self);
      if (!isHarmless) refuse("otherMethod", name);
    }
  }
}

/** What has methods of its own and derefs to what it holds: `Pin`, `Cow`. */
const OF_POINTERS = new Set("set get_ref get_mut into_ref get_unchecked_mut to_mut into_owned is_owned".split(" "));

/** Methods of std's iterators, which also references to iterators have. */
const OF_ITERATORS = new Set([
  ..."all any chain cloned collect copied count cycle enumerate filter filter_map find find_map flat_map flatten".split(
    " ",
  ),
  ..."fold for_each fuse inspect is_sorted last map map_while max_by max_by_key min_by min_by_key nth partition".split(
    " ",
  ),
  ..."peekable position product reduce rev rfind rfold rposition scan skip skip_while step_by sum take take_while".split(
    " ",
  ),
  ..."try_fold try_for_each unzip zip lines bytes split len nth_back".split(" "),
]);

/** Types of std that deref to nothing of the user's. */
const PLAIN = new Set([
  ..."bool char str u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 String Vec Option Result".split(" "),
  ..."HashMap HashSet BTreeMap BTreeSet VecDeque BinaryHeap Path PathBuf OsStr OsString Range Duration Instant".split(
    " ",
  ),
  ..."SystemTime File Stdin Stdout Stderr Cell RefCell Mutex RwLock PhantomData".split(" "),
]);

/** Which types deref to others. */
class Pointers {
  private readonly names = new Set<string>();
  /** Who knows which. */
  private readonly hasOthers: boolean = false;

  constructor(private readonly texts: readonly CompiledText[]) {
    for (const { text } of texts) {
      if (!text.includes("Deref")) continue;
      for (const { index, 0: word } of text.matchAll(/\bDeref(Mut)?\b/g)) {
        const behind = text.slice(index + word.length, index + word.length + 256);
        const [isOfType, name] =
          /^\s+for\s+(?:(?:\w+\s*::\s*)*([\p{XID_Start}_]\p{XID_Continue}*))?/u.exec(behind) ?? [];
        if (name !== undefined) this.names.add(name);
        const isDerived = /\bderive\s*\([^)]*$/.test(text.slice(Math.max(0, index - 256), index));
        this.hasOthers ||= isDerived || (isOfType !== undefined && name === undefined);
      }
    }
  }

  has(name: string): boolean {
    return this.hasOthers || this.names.has(name);
  }

  /** Whether a type, as it is written, derefs to nothing of the user's. */
  isNone(self: string): boolean {
    if (/^(\(|\[|dyn\b|fn\b)/.test(self)) return true;
    const name = lastName(self);
    if (self.startsWith("&") || this.has(name)) return false;
    const declared = new RegExp(`\\b(struct|enum|union)\\s+${name}\\b`);
    return PLAIN.has(name) || this.texts.some(({ text }) => text.includes(name) && declared.test(text));
  }
}

/** An impl of a trait. */
interface TraitImpl {
  /** The type, as it is written. */
  readonly self: string;
  /** What the impl is generic over. */
  readonly parameters: ReadonlySet<string>;
}

/** All impls of a crate's own trait, wherever they stand; undefined where there may be others: by macros, or by another name of it. */
function implsOf(trait: string, texts: readonly CompiledText[], cache: SourceCache): readonly TraitImpl[] | undefined {
  const found: TraitImpl[] = [];
  for (const { file, text } of texts) {
    if (!text.includes(trait)) continue;
    for (const { kind, node, offset } of occurrencesOf(trait, cache.get(file, text))) {
      if (kind === "verbatim" || kind === "macro" || node === undefined) return undefined;
      if (/^\s+as\s+(?!_)/.test(text.slice(offset + trait.length, offset + trait.length + 64))) return undefined;
      const impl = implAt(node);
      if (impl === undefined) continue;
      const declared = impl.childForFieldName("type_parameters")?.namedChildren ?? [];
      const parameters = new Set(declared.flatMap((child) => /^\w+/.exec(child.text)?.[0] ?? []));
      found.push({ self: impl.childForFieldName("type")?.text ?? "", parameters });
    }
  }
  return found;
}

/** The impl whose trait a node names. */
function implAt(node: Node): Node | undefined {
  let inner = node;
  for (let outer = node.parent; outer !== null; inner = outer, outer = outer.parent) {
    if (outer.type === "impl_item") return outer.childForFieldName("trait")?.id === inner.id ? outer : undefined;
  }
  return undefined;
}

/** The last name of a path, without what stands in angle brackets. */
export function lastName(path: string): string {
  return /([\p{XID_Start}_]\p{XID_Continue}*)$/u.exec((path.split("<")[0] ?? "").trim())?.[1] ?? "";
}

/** Whether a function is given this name there. */
function isNamed(text: string, offset: number): boolean {
  return /\bfn\s+$/.test(text.slice(Math.max(0, offset - 64), offset));
}
