/**
 * Rust's grammar for tree-sitter, loaded once a process.
 *
 * Takes the directory of the bundles, where `esbuild.mjs` puts the two `.wasm` files. Knows nothing of documents or
 * edits; whoever parses owns its trees and deletes them, because they live in memory that is not garbage-collected.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Language, Parser } from "web-tree-sitter";
import { Unsupported } from "../errors.js";

/** The parser's own code, and the grammar. */
const RUNTIME = "web-tree-sitter.wasm";
const GRAMMAR = "tree-sitter-rust.wasm";

let loading: Promise<Language> | undefined;

/** A new parser for Rust. Throws `Unsupported` when the grammar's files are missing. */
export async function rustParser(bundleDir: string): Promise<Parser> {
  // A failure is not remembered: files that a rebuild is just replacing are there the next time.
  loading ??= load(bundleDir).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  const language = await loading;
  const parser = new Parser();
  parser.setLanguage(language);
  return parser;
}

async function load(bundleDir: string): Promise<Language> {
  const runtime = find(bundleDir, RUNTIME, "web-tree-sitter");
  const grammar = find(bundleDir, GRAMMAR, "tree-sitter-rust");
  await Parser.init({ locateFile: () => runtime });
  return Language.load(grammar);
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
