/**
 * Rust's grammar for tree-sitter.
 *
 * Takes the directory of the bundles, where `esbuild.mjs` puts its files. Knows nothing of documents or edits; whoever parses owns its
 * trees and deletes them, because they live in memory that is not garbage-collected.
 *
 * That memory has an end, and nothing in it can be trusted, or even freed, once the parser has failed. So every parser has a memory of its
 * own, and one that failed leaves it as it is, trees and all, and gets a new one.
 */
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import type * as TreeSitter from "web-tree-sitter";
import { Unsupported, asError, messageOf } from "../support/errors.js";

/** The parser's own code in two parts, and the grammar. */
const MODULE = "web-tree-sitter.cjs";
const RUNTIME = "web-tree-sitter.wasm";
const GRAMMAR = "tree-sitter-rust.wasm";

/** Longer texts are generated tables; parsing one would take seconds, and memory fifty times as large. In UTF-16 code units. */
export const MAX_LENGTH = 4_000_000;

/** A text that has no tree. The next one may have. */
export class ParserFailed extends Error {
  /** It will not be otherwise the next time. */
  readonly isLasting: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isLasting?: boolean } = {}) {
    super(message, options);
    this.isLasting = options.isLasting ?? true;
  }
}

/** Whether the parser's own code has failed: not what uses it. */
export function isParserFailure(error: unknown): boolean {
  return error instanceof ParserFailed || (error instanceof Error && error.name === "RuntimeError");
}

/** Throws `ParserFailed` for a text that nothing should be done with. */
export function checkLength(text: string): void {
  if (text.length > MAX_LENGTH) throw new ParserFailed(`it is longer than ${MAX_LENGTH} characters`);
}

type Parse = Pick<TreeSitter.Parser, "parse" | "delete">;

/** A parser for Rust. */
export class RustParser {
  private parser: Parse | undefined;
  private number = 0;
  private renewal: Promise<void> | undefined;

  private constructor(
    parser: Parse,
    private readonly make: () => Promise<Parse>,
  ) {
    this.parser = parser;
  }

  /** `make`: gives a parser with a memory of its own. Rejects with `Unsupported` when the grammar's files are missing. */
  static async load(bundleDir: string, make = (): Promise<Parse> => load(bundleDir)): Promise<RustParser> {
    return new RustParser(await make(), make);
  }

  /** Trees of another generation are gone: they may neither be looked at nor deleted. */
  get generation(): number {
    return this.number;
  }

  /** Parses a text, with an edited tree of this generation if there is one. Throws `ParserFailed`. */
  parse(text: string, before: TreeSitter.Tree | null): TreeSitter.Tree {
    const { parser } = this;
    if (parser === undefined) {
      this.renew();
      throw new ParserFailed("the parser failed, and is being loaded again", { isLasting: false });
    }
    return this.guard(() => {
      const tree = parser.parse(text, before);
      if (tree === null) throw new ParserFailed("the parser gave no tree");
      return tree;
    });
  }

  /** Does something with trees. Throws `ParserFailed` when that fails in the parser's own code. */
  guard<T>(use: () => T): T {
    try {
      return use();
    } catch (error) {
      if (error instanceof ParserFailed || !isParserFailure(error)) throw error;
      this.lose(error);
      throw new ParserFailed(`the parser failed: ${messageOf(error)}`, { cause: asError(error) });
    }
  }

  /** Leaves the memory that the parser failed in, if it was not left already. */
  lose(error: unknown): void {
    if (error instanceof ParserFailed) return;
    this.parser = undefined;
    this.number++;
    this.renew();
  }

  /** Whether there is one, and not one that is still to be loaded again. */
  get isReady(): boolean {
    return this.parser !== undefined;
  }

  /** Waits until a parser that failed is there again, or cannot be loaded. */
  async settled(): Promise<void> {
    await this.renewal;
  }

  delete(): void {
    this.parser?.delete();
  }

  /** (If it does not succeed, the next text tries again.) */
  private renew(): void {
    this.renewal ??= this.make()
      .then((parser) => {
        this.parser = parser;
      })
      .catch(() => undefined)
      .finally(() => {
        this.renewal = undefined;
      });
  }
}

async function load(bundleDir: string): Promise<Parse> {
  const module = find(bundleDir, MODULE, "web-tree-sitter");
  const runtime = find(bundleDir, RUNTIME, "web-tree-sitter");
  const grammar = find(bundleDir, GRAMMAR, "tree-sitter-rust");
  const { Language, Parser } = fresh(module);
  await Parser.init({ locateFile: () => runtime });
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
  return parser;
}

/** The module, with a memory that is nobody else's. */
function fresh(module: string): typeof TreeSitter {
  const require = createRequire(module);
  Reflect.deleteProperty(require.cache, require.resolve(module));
  return require(module) as typeof TreeSitter;
}

/** Next to the bundles, or where npm put it when nothing is bundled. */
function find(bundleDir: string, file: string, packageName: string): string {
  const candidates = [path.join(bundleDir, file), path.join(bundleDir, "..", "node_modules", packageName, file)];
  const found = candidates.find((candidate) => fs.existsSync(candidate));
  if (found === undefined) {
    throw new Unsupported(`the Rust grammar is missing (${path.join(bundleDir, file)}): build it with "npm run build"`);
  }
  return found;
}
