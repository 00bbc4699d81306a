/**
 * What comes along with edits of items, or why they are refused: small crates in which a name means something by ways that are easily
 * overlooked. `UPDATE_CASES=1 npx vitest run test/unit/core/lanes/patch/affected.test.ts` writes the expectations anew.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { BodyEdit, CompiledText } from "../../../../../server/src/core/edits/baseline.js";
import { classify } from "../../../../../server/src/core/edits/classify.js";
import { Refusal, Refused } from "../../../../../server/src/core/edits/refusal.js";
import { withMentions } from "../../../../../server/src/core/lanes/patch/affected.js";
import type { InputTexts } from "../../../../../server/src/core/lanes/patch/crateTexts.js";
import { factsOf } from "../../../../../server/src/core/lanes/patch/moduleFacts.js";
import { moduleTree } from "../../../../../server/src/core/lanes/patch/moduleTree.js";
import { plainTexts } from "../../../../../server/src/core/lanes/patch/plainTexts.js";
import type { SourceCache } from "../../../../../server/src/core/source/sourceCache.js";
import { digest } from "../../../../../server/src/core/support/files.js";
import { NO_STAMP } from "../../../../../server/src/core/support/stamps.js";
import { ROOT, openSources } from "../../../../support/repository.js";

const FILE = path.join(ROOT, "test/fixtures/itemEdits/cases.json");
const Case = z.object({
  files: z.record(z.string(), z.string()),
  edits: z.array(z.tuple([z.string(), z.string(), z.string()])),
  /** Crates of a registry that it uses. */
  externs: z.array(z.string()).optional(),
  expected: z.string(),
});
type Case = z.infer<typeof Case>;
const CASES = z.record(z.string(), Case).parse(JSON.parse(fs.readFileSync(FILE, "utf8")));

let cache: SourceCache;
beforeAll(async () => {
  cache = await openSources();
});

function textOf(file: string, text: string): CompiledText {
  return { file, text, hash: digest(text), stamp: NO_STAMP };
}

/** What rustc reads of the crate with a root, of which all files but those of other roots are part. Macros of `mac` are another crate's. */
function inputsOf(files: ReadonlyMap<string, string>, root: string, externs: readonly string[]): InputTexts {
  const isOf = (file: string): boolean => !/^src\/(main|lib)\.rs$/.test(file) || file === root;
  const isUpstream = (file: string): boolean => /^p?mac\//.test(file);
  const upstream = [...files]
    .filter(([file]) => isUpstream(file))
    .map(([file, text]) => {
      return { ...textOf(file, text), isProcMacros: file.startsWith("pmac/") };
    });
  const own = [...files].filter(([file]) => !isUpstream(file) && isOf(file));
  const sources = own.filter(([file]) => file.endsWith(".rs"));
  const plain = plainTexts(
    own.map(([file]) => file),
    sources.map(([, text]) => text),
    () => upstream.map(({ text }) => text),
  );
  return {
    texts: new Map(sources.map(([file, text]) => [file, textOf(file, text)])),
    others: () => new Map(own.filter(([file]) => !file.endsWith(".rs") && !plain.has(file))),
    externs: new Set(externs),
    upstream: () => upstream,
    hasTests: false,
    isHarness: false,
    capturesAll: true,
  };
}

/** What an edit has come to, in words. */
function outcome({ files, edits, externs = [] }: Case): string {
  const after = new Map(Object.entries(files));
  for (const [file, from, to] of edits) {
    const text = after.get(file) ?? expect.fail(`no ${file}`);
    expect(text).toContain(from);
    after.set(
      file,
      text.replace(from, () => to),
    );
  }
  const root = "src/lib.rs" in files && edits.some(([file]) => file === "src/lib.rs") ? "src/lib.rs" : "src/main.rs";
  const changed: BodyEdit[] = [];
  for (const file of new Set(edits.map(([name]) => name))) {
    const [before, text] = [files[file] ?? "", after.get(file) ?? ""];
    const edit = classify(cache, file, before, text, false);
    if (edit.kind === "refused") return `refused: ${edit.refusal.text}`;
    if (edit.kind !== "items" && edit.kind !== "bodies") continue;
    const { functions } = edit;
    changed.push({
      ...textOf(file, text),
      before,
      functions,
      ranges: [],
      items: edit.kind === "items" ? edit.items : [],
    });
  }
  const inputs = inputsOf(after, root, externs);
  const tree = moduleTree(root, (file) => {
    const text = inputs.texts.get(file)?.text;
    const facts = text === undefined ? undefined : factsOf(text, cache.get(file, text).root ?? expect.fail("no tree"));
    return facts instanceof Refusal ? undefined : facts;
  });
  const dependents = root === "src/lib.rs" ? [inputsOf(after, "src/main.rs", externs)] : [];
  try {
    const found = withMentions(
      changed,
      {
        ...inputs,
        crateNames: new Set(["mac"]),
        unchangedCrates: new Set(["mac"]),
        ...{ foreign: [], handed: [], isFacade: false, isLinkable: false },
        handing: { unit: "u-1", libraries: new Map() },
        noTraits: new Set(),
        notInGlobs: new Set(),
        tree,
        foreignMethods: () => ({ mayComeFirst: () => false }),
        dependents: () => dependents,
        isThorough: false,
        areItems: false,
      },
      cache,
    );
    const taken = found.edits.flatMap(({ file, functions }) => functions.map((fn) => `${file} ${fn.path}`));
    const modules = found.modules.map((steps) =>
      steps.map(({ declaration }) => declaration?.name ?? "crate").join("::"),
    );
    return `taken: ${taken.sort().join(", ")}; modules: ${modules.sort().join(", ")}`;
  } catch (error) {
    if (error instanceof Refused) return `refused: ${error.refusal.text}`;
    throw error;
  }
}

describe("an edit of items", () => {
  it.each(Object.entries(CASES))("%s", (_, example) => {
    const found = outcome(example);
    if (process.env["UPDATE_CASES"] === undefined) expect(found).toBe(example.expected);
    else example.expected = found;
  });

  it.runIf(process.env["UPDATE_CASES"] !== undefined)("writes what it found", () => {
    fs.writeFileSync(FILE, `${JSON.stringify(CASES, undefined, 2)}\n`);
  });
});
