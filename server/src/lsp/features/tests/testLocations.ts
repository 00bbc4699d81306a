/** Where tests are in the source, from the functions that the engine has of a harness. */
import * as path from "node:path";
import type { FunctionEntry } from "../../../../../shared/src/report.js";

export interface SourceLocation {
  readonly file: string;
  /** Counts from 0. */
  readonly line: number;
}

const CLOSURES = /(::\{\{closure\}\}|::\{closure(#\d+)?\})+$/;
/** The disambiguators that the newer mangling scheme has: `crate[1234abcd]::…`. */
const DISAMBIGUATOR = /\[[0-9a-f]+\]/g;

export class TestLocations {
  /** Of functions, without the crate's name. */
  private readonly functions = new Map<string, SourceLocation>();
  /** Of functions of which only closures are left. */
  private readonly closures = new Map<string, SourceLocation>();
  /** The first function of each module. */
  private readonly modules = new Map<string, SourceLocation>();

  /** `crate`: the harness's. `root`: what relative file names count from. */
  constructor(entries: readonly FunctionEntry[], crate: string, root: string) {
    for (const entry of entries) this.add(entry, `${crate}::`, root);
  }

  /**
   * The place of a test that libtest names so. For one that a macro made it is the function or module that encloses it, as
   * far as there is one; undefined when nothing of it is known.
   */
  of(test: string): SourceLocation | undefined {
    let place = this.functions.get(test) ?? this.closures.get(test);
    for (let name = test; place === undefined;) {
      const end = name.lastIndexOf("::");
      if (end < 0) return undefined;
      name = name.slice(0, end);
      place = this.functions.get(name) ?? this.closures.get(name) ?? this.modules.get(name);
    }
    return place;
  }

  private add(entry: FunctionEntry, prefix: string, root: string): void {
    const full = entry.name.replace(DISAMBIGUATOR, "");
    if (entry.file === null || entry.line === 0 || !full.startsWith(prefix)) return;
    const name = full.slice(prefix.length);
    const place = { file: path.resolve(root, entry.file), line: entry.line - 1 };
    const plain = name.replace(CLOSURES, "");
    keepFirst(plain === name ? this.functions : this.closures, plain, place);
    const end = plain.lastIndexOf("::");
    if (end > 0) keepFirst(this.modules, plain.slice(0, end), place);
  }
}

function keepFirst(places: Map<string, SourceLocation>, name: string, place: SourceLocation): void {
  const known = places.get(name);
  if (known === undefined || (known.file === place.file && place.line < known.line)) places.set(name, place);
}
