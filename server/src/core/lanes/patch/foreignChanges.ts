/**
 * What changes of a library's items mean to a crate that uses the library: the functions that come along, by the same rules as in the
 * library itself (`affected.ts`).
 *
 * The crate's patch is compiled with the library's, which has what is new and hides what it was. So all that has to be found is where the
 * crate has such a name as a word; what that means there is rustc's to say.
 */
import type { CompiledText } from "../../edits/baseline.js";
import { refuse } from "../../edits/refusal.js";
import type { SourceCache } from "../../source/sourceCache.js";
import { Owners, isChangedMember, isLeftToEngine } from "./changedMethods.js";
import type { CrateTexts } from "./crateTexts.js";
import type { ForeignChange } from "./foreign.js";
import { checkHidden } from "./hiddenNames.js";
import type { IsAffected, MentionSearch } from "./mentions.js";
import { nameChangeOf } from "./nameChange.js";
import { type Occurrence, isMemberUse, isMention } from "./occurrences.js";
import { checkOtherMethods, lastName } from "./otherMethods.js";
import { isFoundAsBefore, receiverOf } from "./receivers.js";
import { macrosOf } from "./macroUses.js";
import { isAnothersType } from "./modules.js";
import { isTypeOrTrait, mayBeValue } from "./newTypes.js";
import type { UnseenNames } from "./unseenNames.js";

export class ForeignChanges {
  private readonly texts: readonly CompiledText[];

  constructor(
    private readonly crate: CrateTexts,
    private readonly search: MentionSearch,
    private readonly unseen: UnseenNames,
    private readonly cache: SourceCache,
  ) {
    this.texts = [...crate.texts.values()].flatMap((text) => text ?? []);
  }

  /** Takes what mentions them. Throws `Refused`, and `LexError`. */
  take(changes: readonly ForeignChange[]): void {
    if (changes.length === 0) return;
    // What a macro imports may lead past the patch's modules to the twin's, which have the library's names of before.
    const hidden = macrosOf(this.crate, this.cache).hiddenImport();
    if (hidden !== undefined) refuse("hiddenImport", hidden);
    for (const foreign of changes) this.takeOne(foreign);
  }

  private takeOne({ kind, name, change, module }: ForeignChange): void {
    if (kind === "gone") {
      this.search.none(name, (occurrence) => isMention(occurrence) || isOtherUse(occurrence));
      return;
    }
    if (kind === "traitMember") {
      this.unseen.checkMethod(name);
      this.search.take(name, isMemberUse);
      return;
    }
    if (change.impl !== undefined) this.member(change.impl, { kind, name, change, module });
    else this.item(change, module);
  }

  private item(change: ForeignChange["change"], module: ForeignChange["module"]): void {
    const { name, type, before, after } = change;
    const isFunction = type === "function_item";
    const isMeant: IsAffected = (occurrence) =>
      isMention(occurrence) && !(isFunction && (occurrence.isParameter || occurrence.isPathStart));
    if (isLeftToEngine(change)) {
      this.search.takeSome(name, isMeant, isMeant, isMeant);
      return;
    }
    const isCarried = change.origin === "carried";
    // By a glob import it may come to where another crate has been meant.
    if (before === undefined && !isCarried) checkHidden(nameChangeOf(change, module), this.crate.crateNames);
    if (isCarried && isTypeOrTrait(type) && after !== undefined && !mayBeValue(after)) {
      this.search.take(name, (occurrence, moduleOf) => {
        if (!isMention(occurrence)) return false;
        return occurrence.kind !== "plain" || !isAnothersType(name, undefined, moduleOf(), this.search.modules);
      });
    } else if (type === "mod_item") {
      this.search.take(name, (occurrence) => {
        return isMention(occurrence) && (occurrence.isPathStart || occurrence.kind === "import");
      });
    } else this.search.take(name, isMeant);
  }

  private member(impl: string, { name, change }: Pick<ForeignChange, "kind" | "name" | "change" | "module">): void {
    const { after } = change;
    if (!isChangedMember(change) || (!isLeftToEngine(change) && !isFoundAsBefore(change))) {
      this.unseen.checkMethod(name);
      this.search.take(name, isOtherUse);
      return;
    }
    const type = lastName(impl);
    const receiver = after === undefined ? undefined : receiverOf(after);
    if (receiver !== undefined) {
      checkOtherMethods({ name, type, receiver }, this.texts, (trait) => this.unseen.isUpstream(trait), this.cache);
      const hasForeignGlobs = this.unseen.hasForeignGlobs();
      if (this.crate.foreignMethods().mayComeFirst(name, { texts: this.texts, hasForeignGlobs })) {
        refuse("otherMethod", name);
      }
    }
    const owners = new Owners([...this.texts, ...this.crate.upstream()]);
    const isMeant: IsAffected = (occurrence) => owners.mayMean(occurrence, type);
    const isCertain: IsAffected = (occurrence) => owners.mustMean(occurrence, type);
    if (isLeftToEngine(change)) this.search.takeSome(name, isMeant, isCertain, isCertain);
    else {
      this.unseen.checkMethod(name);
      this.search.take(name, (occurrence, moduleOf) => {
        const { kind } = occurrence;
        return isMeant(occurrence, moduleOf) || kind === "verbatim" || kind === "macro" || kind === "import";
      });
    }
  }
}

/** Whether a method, an associated function or a constant may be meant. */
function isOtherUse(occurrence: Occurrence): boolean {
  return isMemberUse(occurrence) || occurrence.kind === "import" || occurrence.kind === "leaf";
}
