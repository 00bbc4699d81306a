/**
 * The patch crates of an edit: those of libraries first, and with them those of the crates that use what has changed in them.
 *
 * A crate that was not edited has a patch crate, too, if it mentions what has changed of a library, or others come to that through its public
 * imports. Crates that have nothing to do with another one's changes are compiled against the workspace's libraries as they are.
 */
import type { BodyEdit, UnitEdit } from "../edits/baseline.js";
import { isVisibleOutside } from "../edits/itemChange.js";
import { Refusal, type RefusalKind, Refused } from "../edits/refusal.js";
import type { UnitRecord } from "../units/record.js";
import { dependentsOf, isSeenByOthers, isUserEdited, unsuitableUnit } from "./choice.js";
import type { Libraries } from "./mirror/compileMirror.js";
import { type InputTexts, mentions } from "./patch/crateTexts.js";
import type { Exports, ForeignChange, PatchLink } from "./patch/foreign.js";
import type { LinkedTwins } from "./patch/linkedTwins.js";
import type { PatchRefusal } from "./patch/patchCrate.js";
import type { PatchResult } from "./patch/patchLane.js";
import { restrictedForOthers } from "./patch/upstreamPrivacy.js";
import { hasCode } from "./programEdits.js";

/** What a patch crate is compiled against, if it is compiled with others. */
export interface LinkOptions {
  readonly link: PatchLink;
  readonly libraries: Libraries;
}

/** A crate with its patch. */
export interface PatchedUnit {
  readonly record: UnitRecord;
  readonly patch: PatchResult;
}

interface Parts {
  readonly edits: readonly UnitEdit[];
  /** Of all units. */
  readonly records: readonly UnitRecord[];
  readonly twins: LinkedTwins;
  /** A unit's texts as they are now. */
  readonly textsOf: (record: UnitRecord) => InputTexts;
  readonly compile: (
    record: UnitRecord,
    files: readonly BodyEdit[],
    linked: LinkOptions | undefined,
    /** See `CrateTexts`. */
    areItems: boolean,
  ) => Promise<PatchResult | PatchRefusal>;
}

/** What became of a unit; undefined: it has no patch crate, and needs none. */
type Made = PatchResult | PatchRefusal | undefined;

export class PatchOrder {
  private readonly made = new Map<string, Promise<Made>>();
  private readonly texts = new Map<string, InputTexts>();
  private readonly edits: ReadonlyMap<string, readonly BodyEdit[]>;

  constructor(private readonly parts: Parts) {
    this.edits = new Map(parts.edits.map(({ record, files }) => [record.invocation.key, files]));
  }

  /** Compiles them all. Rejects with `Cancelled`. */
  async compile(): Promise<readonly PatchedUnit[] | PatchRefusal> {
    const { edits, records } = this.parts;
    const edited = edits.filter(({ files }) => files.some(hasCode)).map(({ record }) => record);
    const changed = edited.filter((record) => this.isChanged(record));
    const users = changed.flatMap((record) => dependentsOf(record, records));
    // (A crate and its tests are two units of the same edit.)
    const concerned = [...new Set([...edited, ...users].map(({ invocation }) => invocation.key))];
    const patched: PatchedUnit[] = [];
    const all = records.filter(({ invocation }) => concerned.includes(invocation.key));
    const made = await Promise.all(all.map((record) => this.make(record)));
    for (const [i, record] of all.entries()) {
      const patch = made[i];
      if (patch === undefined) continue;
      if ("refused" in patch) return patch;
      patched.push({ record, patch });
    }
    return patched;
  }

  private make(record: UnitRecord): Promise<Made> {
    const { key } = record.invocation;
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const made = this.makeOnce(record).catch((error: unknown): Made => {
      if (error instanceof Refused) return refused(error.refusal);
      throw error;
    });
    this.made.set(key, made);
    return made;
  }

  private async makeOnce(record: UnitRecord): Promise<Made> {
    const exports = new Map<string, Exports>();
    let hasShared = false;
    for (const library of this.parts.twins.upstreamOf(record)) {
      if (!this.isChanged(library) && !this.isBetween(library)) continue;
      const made = await this.make(library);
      // Its refusal is the edit's.
      if (made !== undefined && "refused" in made) return undefined;
      if (made?.exports !== undefined) exports.set(library.invocation.key, made.exports);
      hasShared ||= made?.edits.some(({ functions }) => functions.some(isSeenByOthers)) === true;
    }
    const files = this.filesOf(record);
    const isEdited = files.some(hasCode);
    const changes = [...exports.values()].flatMap((it) => it.changes);
    const foreign = changes.filter(({ name }) => mentions(this.textsOf(record), name));
    const isFacade = this.isFacade(record, changes);
    if (foreign.length === 0 && !isFacade) return isEdited ? this.alone(record, files) : undefined;
    const isOptional = foreign.every(({ isLeftToEngine }) => isLeftToEngine) && !isFacade;
    const made = await this.linked(record, files, { exports, foreign, isFacade, hasShared });
    if (made === undefined || !("refused" in made)) return made;
    // Nothing needs a patch crate that would be empty.
    if (!isEdited && made.refused.kind === "nothingToPatch") return undefined;
    if (!isOptional) return made;
    // The engine finds out whether anything means what was there before.
    const alone = isEdited ? await this.alone(record, files) : undefined;
    return alone !== undefined && "refused" in alone ? made : alone;
  }

  /** Compiles what has nothing to do with other crates' changes. */
  private async alone(record: UnitRecord, files: readonly BodyEdit[]): Promise<Made> {
    const { twins } = this.parts;
    const link = this.linkOf(record, { exports: new Map(), foreign: [], isFacade: false });
    // (What comes along may be mentioned as well: then the first attempt says so.)
    const made =
      link === undefined || !this.isMentioned(record, files)
        ? await this.compileOne(record, files, undefined)
        : undefined;
    if (made !== undefined && (link === undefined || !("refused" in made) || !NEEDS_LINK.has(made.refused.kind))) {
      return made;
    }
    const libraries = twins.librariesOf(record);
    return link && libraries && this.compileOne(record, files, { link, libraries });
  }

  /** Whether crates that use this one mention anything public that has changed in it. */
  private isMentioned(record: UnitRecord, files: readonly BodyEdit[]): boolean {
    const names = files.flatMap(({ items }) => items.filter(isVisibleOutside).map(({ name }) => name));
    if (names.length === 0) return false;
    const users = dependentsOf(record, this.parts.records);
    return users.some((user) => names.some((name) => name !== "" && mentions(this.textsOf(user), name)));
  }

  private async linked(
    record: UnitRecord,
    files: readonly BodyEdit[],
    { hasShared, ...others }: LinkedWith & { readonly hasShared: boolean },
  ): Promise<Made> {
    const { twins } = this.parts;
    const unsuitable = unsuitableUnit(record);
    if (unsuitable !== undefined) return refused(unsuitable);
    // Its new code could hold copies of the functions as they were.
    if (hasShared) return refused(new Refusal("sharedBoth"));
    const link = this.linkOf(record, others);
    const made = new Map([...others.exports].map(([key, { metadata }]) => [key, metadata]));
    const libraries = twins.librariesOf(record, made);
    if (link === undefined || libraries === undefined)
      return refused(new Refusal("noLinkedTwin", record.invocation.id));
    return this.compileOne(record, files, { link, libraries });
  }

  private compileOne(
    record: UnitRecord,
    files: readonly BodyEdit[],
    linked: LinkOptions | undefined,
  ): Promise<PatchResult | PatchRefusal> {
    return this.parts.compile(record, files, linked, this.areItems(record));
  }

  private linkOf(record: UnitRecord, { exports, foreign, isFacade }: LinkedWith): PatchLink | undefined {
    const { twins } = this.parts;
    const twin = twins.twinOf(record);
    if (twin === undefined) return undefined;
    const restricted = twins.upstreamOf(record).flatMap((library) => {
      return restrictedForOthers(twins.twinOf(library)?.restricted ?? []);
    });
    const libraries = new Map(
      record.externs.flatMap(({ name, unit }) => (unit === null ? [] : [[name, unit] as const])),
    );
    return { twin, exports: [...exports.values()], foreign, isFacade, libraries, restricted };
  }

  private filesOf({ invocation }: UnitRecord): readonly BodyEdit[] {
    return this.edits.get(invocation.key) ?? [];
  }

  /** Whether other crates may mean another thing by a crate's names. */
  private isChanged(record: UnitRecord): boolean {
    return this.filesOf(record).some(({ items }) => items.length > 0) || this.areItems(record);
  }

  /**
   * Whether edited functions that others hold the bodies of are to be other items, as their users have to be compiled with the bodies of
   * now.
   */
  private areItems(record: UnitRecord): boolean {
    const { edits, records } = this.parts;
    const hasShared = this.filesOf(record).some(({ functions }) => functions.some(isSeenByOthers));
    return hasShared && isUserEdited(record, edits, records);
  }

  /** Whether a crate uses one with changed items. */
  private isBetween(record: UnitRecord): boolean {
    return this.parts.twins.upstreamOf(record).some((library) => this.isChanged(library));
  }

  /** Whether crates that use this one may come to one of these names through its public imports. */
  private isFacade(record: UnitRecord, changes: readonly ForeignChange[]): boolean {
    if (changes.length === 0) return false;
    const texts = [...this.textsOf(record).texts.values()];
    if (!texts.some((source) => source !== undefined && PUBLIC_IMPORT.test(source.text))) return false;
    const users = dependentsOf(record, this.parts.records);
    return users.some((user) => changes.some(({ name }) => mentions(this.textsOf(user), name)));
  }

  private textsOf(record: UnitRecord): InputTexts {
    const { key } = record.invocation;
    const texts = this.texts.get(key) ?? this.parts.textsOf(record);
    this.texts.set(key, texts);
    return texts;
  }
}

/** What is known of the crates that a patch crate is compiled with; `exports` by unit. */
interface LinkedWith extends Pick<PatchLink, "foreign" | "isFacade"> {
  readonly exports: ReadonlyMap<string, Exports>;
}

/** What does not end an edit of a crate with a twin that others know. */
const NEEDS_LINK: ReadonlySet<RefusalKind> = new Set(["mentionedElsewhere", "noTwin"]);

const PUBLIC_IMPORT = /\bpub\b\s*(\([^)]*\)\s*)?(use|extern\s+crate)\b/;

function refused(refusal: Refusal): PatchRefusal {
  return { refused: refusal, isTried: false, isFinal: true };
}
