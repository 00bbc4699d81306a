/**
 * Words that name nothing of this crate: those in texts, and names that lead into other crates. (No crate that this one uses can name anything
 * of it.) For what libraries have changed, those that may name that do not count.
 */
import type { SourceCache } from "../../source/sourceCache.js";
import type { CrateTexts } from "./crateTexts.js";
import { MacroInputs } from "./harmlessMacros.js";
import { macrosOf } from "./macroUses.js";
import { type CrateModule, resolvedModule } from "./modules.js";
import type { Occurrence } from "./occurrences.js";
import type { ModulePath } from "./privacy.js";

const STD = /^(std|core|alloc)$/;

export class Elsewhere {
  private readonly own: ReadonlySet<string>;
  private readonly answers = new Map<string, boolean>();
  private macroInputs: MacroInputs | undefined;

  constructor(
    private readonly crate: CrateTexts,
    private readonly modules: readonly CrateModule[],
    private readonly cache: SourceCache,
  ) {
    this.own = crate.crateNames;
  }

  /**
   * Whether an occurrence of a name is certain to be a word of a text, or part of a path that another crate's name begins. `isOwn`: of the name
   * of something of this crate.
   */
  isOf(name: string, { kind, imported, pathBefore, node, offset }: Occurrence, file: string, isOwn: boolean): boolean {
    if (kind === "verbatim") return this.inputs().isText(node, offset, file);
    const crates = isOwn ? this.own : this.crate.unchangedCrates;
    if (kind === "qualified") {
      const [first] = pathBefore;
      return first !== undefined && first !== name && this.isCrate(first, crates);
    }
    if ((kind !== "import" && kind !== "leaf") || imported.length === 0) return false;
    return imported.every(
      ([first = "", ...rest]) => first !== name && rest.includes(name) && this.isCrate(first, crates),
    );
  }

  /**
   * Whether a module brings a name from other crates, by imports of its own and in no other way, so that what another module (`owner`) has
   * under this name does not matter where it stands alone.
   */
  isBrought(name: string, occurrence: Occurrence, owner: ModulePath, moduleOf: () => ModulePath | undefined): boolean {
    if (!this.standsAlone(occurrence)) return false;
    const at = moduleOf();
    if (at === undefined || at === owner) return false;
    const [module, ...others] = this.modules.filter(({ path }) => path === at);
    const step = module?.steps.at(-1);
    if (module === undefined || step === undefined || others.length > 0) return false;
    const isForeign = ({ path: [first = ""] }: { readonly path: readonly string[] }): boolean =>
      this.isCrate(first, this.own);
    const own = module.imports.filter((leaf) => leaf.name === name);
    if (own.length === 0 || !own.every((leaf) => !leaf.isConditional && isForeign(leaf))) return false;
    // The name may be that of a function as well as of a type, and come in several ways.
    if (step.facts.hasMacroCalls || step.facts.names.has(name)) return false;
    const macros = macrosOf(this.crate, this.cache);
    const globs = macros.globs().filter(({ file }) => file === step.file);
    return globs.every(({ leaf }) => {
      if (isForeign(leaf) || !macros.mayNameModule(leaf)) return true;
      return !leaf.isInMacro && !this.leadsTo(leaf.path, at, owner, new Set());
    });
  }

  /** Whether an occurrence is the first segment of a path, or all of it. */
  private standsAlone({ kind, owner, node }: Occurrence): boolean {
    if (kind === "plain") return true;
    // (What a macro makes of a name may be a path to anywhere. Those of std take expressions.)
    return kind === "verbatim" && owner === "" && !this.inputs().isHandedOn(node);
  }

  private inputs(): MacroInputs {
    return (this.macroInputs ??= new MacroInputs([], macrosOf(this.crate, this.cache)));
  }

  /** Whether a glob import may lead to a module, by way of others' glob imports as well. */
  private leadsTo(path: readonly string[], from: ModulePath, to: ModulePath, seen: Set<ModulePath>): boolean {
    const [first = ""] = path;
    if (this.isCrate(first, this.own)) return false;
    const target = resolvedModule(path, from, this.modules);
    const found = this.modules.filter((it) => it.path === target);
    if (target === undefined || target === to || found.length === 0) return true;
    if (seen.has(target)) return false;
    seen.add(target);
    const globs = found.flatMap(({ imports }) => imports).filter(({ name }) => name === undefined);
    return globs.some((leaf) => this.leadsTo(leaf.path, target, to, seen));
  }

  /** Whether the first segment of a path is the name of a crate, and of nothing else, wherever that stands. */
  private isCrate(first: string, crates: ReadonlySet<string>): boolean {
    if (!STD.test(first) && !crates.has(first)) return false;
    const known = this.answers.get(first) ?? this.meansCrate(first);
    this.answers.set(first, known);
    return known;
  }

  private meansCrate(first: string): boolean {
    const isOwn = this.modules.some(({ steps }) => {
      const facts = steps.at(-1)?.facts;
      return facts?.names.has(first) === true || facts?.children.some((child) => child.name === first) === true;
    });
    return !isOwn && !macrosOf(this.crate, this.cache).importsAs(first);
  }
}
