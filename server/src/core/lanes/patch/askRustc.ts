/** Asks rustc what names of other crates are, and of the crate's public twin: by small modules, and the errors that it has for them. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Diagnostic } from "../../../../../shared/src/report.js";
import { commonAncestor } from "../../support/files.js";
import type { UnitRecord } from "../../units/record.js";
import { type LaneOptions, collectDiagnostics, compileMirror } from "../mirror/compileMirror.js";
import { Mirror } from "../mirror/mirror.js";
import { TWIN } from "./patchText.js";
import { codesByLine } from "./rustcPlaces.js";
import type { Twin } from "./twin.js";

/** The numbers of the errors in each of some modules; empty for one without errors. Rejects with `Cancelled`. */
export async function askRustc(
  directory: string,
  record: UnitRecord,
  twin: Twin,
  modules: readonly string[],
  options: LaneOptions,
): Promise<readonly ReadonlySet<string>[]> {
  if (modules.length === 0) return [];
  const { cwd } = record.invocation;
  const own = path.join(directory, "questions");
  const mirror = new Mirror(path.join(own, "source"), commonAncestor([cwd, path.dirname(twin.root)]));
  fs.mkdirSync(own, { recursive: true });
  mirror.sync([twin.root], [cwd]);
  const lines = modules.map((content, i) => `mod m${i} { ${content} }`);
  mirror.write(twin.root, [`extern crate ${TWIN};`, ...lines, ""].join("\n"));
  const diagnostics: Diagnostic[] = [];
  const crate = {
    mirror,
    directory: own,
    metadata: undefined,
    incrementalDir: undefined,
    crateType: () => "lib",
    isLibrary: true,
    metadataSuffix: "-questions",
    extra: ["--cap-lints=allow", `--extern=${TWIN}=${twin.metadata}`],
  };
  await compileMirror(record, crate, options, collectDiagnostics(diagnostics));
  const found = codesByLine(diagnostics);
  return lines.map((_, i) => found.get(i + 2) ?? new Set());
}
