/** A parser that fails costs the file that it fails on, and nothing else. */
import { expect, it } from "vitest";
import type { Parser, Tree } from "web-tree-sitter";
import { classify } from "../../../../server/src/core/edits/classify.js";
import { SourceCache } from "../../../../server/src/core/source/sourceCache.js";
import { MAX_LENGTH, RustParser } from "../../../../server/src/core/source/grammar.js";
import { TextDocument } from "vscode-languageserver-textdocument";
import { RustDocument } from "../../../../server/src/lsp/features/syntax/document.js";
import { SyntaxStore } from "../../../../server/src/lsp/features/syntax/documentStore.js";
import type { ServerContext } from "../../../../server/src/lsp/protocol/api.js";
import { DisposableStore } from "../../../../server/src/lsp/protocol/disposables.js";
import { BUNDLES } from "../../../support/repository.js";

const SMALL = "fn small() { 1 }";

/** What WebAssembly throws. */
const trap = (message: string): Error => Object.assign(new Error(message), { name: "RuntimeError" });

/** Parsers that fail on a text with `fatal` as they do without memory: from then on nothing works, not even freeing a tree. */
function fragile(): () => Promise<Pick<Parser, "parse" | "delete">> {
  return async () => {
    const real = await RustParser.load(BUNDLES);
    let isDead = false;
    const fail = (): never => {
      isDead = true;
      throw trap("memory access out of bounds");
    };
    const guarded = (tree: Tree): Tree => {
      const free = tree.delete.bind(tree);
      tree.delete = () => (isDead ? fail() : free());
      return tree;
    };
    return {
      parse: (text, before) =>
        isDead || String(text).includes("fatal") ? fail() : guarded(real.parse(String(text), before ?? null)),
      delete: () => (isDead ? fail() : real.delete()),
    };
  };
}

it("leaves the file that it fails on, and reads the next one", async () => {
  const parser = await RustParser.load(BUNDLES, fragile());
  const cache = new SourceCache(parser);
  expect(cache.get("a.rs", SMALL).root).toBeDefined();
  const failed = cache.get("b.rs", "fn fatal() {}");
  expect(failed).toMatchObject({ outline: "the parser failed: memory access out of bounds", root: undefined });
  expect(classify(cache, "b.rs", "fn fatal() {}", "fn fatal() { 1 }")).toMatchObject({ kind: "refused" });
  await cache.settled();
  // What is known of the one is not tried again; the other is read anew.
  const { generation } = parser;
  expect(cache.get("b.rs", "fn fatal() { 1 }").root).toBe(undefined);
  await cache.settled();
  expect(cache.get("b.rs", "fn fatal() { 1 }").root).toBe(undefined);
  expect(parser.generation).toBe(generation + 1);
  expect(classify(cache, "a.rs", SMALL, "fn small() { 2 }")).toMatchObject({ kind: "bodies" });
  cache.dispose();
});

it("does so for open documents", async () => {
  const parser = await RustParser.load(BUNDLES, fragile());
  const [first, second] = [new RustDocument(parser), new RustDocument(parser)];
  expect(first.update(SMALL)).toBe(undefined);
  expect(second.update("fn fatal() {}")).toContain("memory access out of bounds");
  await parser.settled();
  expect(first.update(`${SMALL} `)).toBe(undefined);
  expect(first.structure.functions).toHaveLength(1);
  expect(second.update("fn mended() {}")).toBe(undefined);
  first.dispose();
  second.dispose();
});

it("is waited for by who asks for a document while it is loaded again", async () => {
  const parser = await RustParser.load(BUNDLES, fragile());
  const open = (uri: string, text: string): TextDocument => TextDocument.create(uri, "rust", 1, text);
  const [bad, good] = [open("file:///bad.rs", "fn fatal() {}"), open("file:///good.rs", SMALL)];
  const documents = {
    get: (uri: string) => (uri === bad.uri ? bad : good),
    onDidClose: () => ({ dispose: () => undefined }),
  };
  const context = { documents, disposables: new DisposableStore(), log: { warn: () => undefined } };
  const store = new SyntaxStore(context as unknown as ServerContext, BUNDLES, () => Promise.resolve(parser));
  expect(await Promise.all([store.of(bad), store.of(good)])).toMatchObject([
    undefined,
    { functions: [{ name: "small" }] },
  ]);
  // Not edited since: what is known of it stays.
  expect(await store.of(good)).toMatchObject({ functions: [{ name: "small" }] });
  context.disposables.dispose();
});

it("has a memory that is its own, and replaced", async () => {
  const [one, other] = [await RustParser.load(BUNDLES), await RustParser.load(BUNDLES)];
  one.lose(trap("Aborted()"));
  await one.settled();
  expect(one.generation).toBe(1);
  expect(one.parse(SMALL, null).rootNode.hasError).toBe(false);
  expect(other.parse(SMALL, null).rootNode.hasError).toBe(false);
  one.delete();
  other.delete();
});

it("reads what is nested deeply, or says why not", async () => {
  const cache = await SourceCache.create(BUNDLES);
  for (const depth of [100, 20_000]) {
    const text = `fn deep() { let x = ${"(".repeat(depth)}1${")".repeat(depth)}; } ${"mod m { ".repeat(depth)}${"}".repeat(depth)}`;
    const { root, outline } = cache.get("deep.rs", text);
    expect(root !== undefined || typeof outline === "string").toBe(true);
    expect(cache.get("next.rs", SMALL).root).toBeDefined();
  }
  expect(cache.get("long.rs", " ".repeat(MAX_LENGTH + 1)).outline).toContain("longer than");
  expect(cache.get("next.rs", SMALL).root).toBeDefined();
  cache.dispose();
});
