/** The structures of the open Rust documents. */
import type { TextDocument } from "vscode-languageserver-textdocument";
import { RustParser } from "../../../core/source/grammar.js";
import type { ServerContext } from "../../protocol/api.js";
import { RustDocument, structureOf } from "./document.js";
import type { Structure } from "./structure.js";

/** How often a document waits for a parser that others have failed. */
const MAX_LOSSES = 8;

export class SyntaxStore {
  private readonly documents = new Map<string, { readonly document: RustDocument; version: number }>();
  private parser: Promise<RustParser> | undefined;
  private readonly refused = new Set<string>();

  /** `bundleDir`: where the grammar's files lie. Nothing is loaded before the first document is asked for. */
  constructor(
    private readonly context: Pick<ServerContext, "documents" | "disposables" | "log">,
    bundleDir: string,
    private readonly make = (): Promise<RustParser> => RustParser.load(bundleDir),
  ) {
    const { documents, disposables } = context;
    disposables.add(documents.onDidClose(({ document }) => this.close(document.uri)));
    disposables.add({ dispose: () => [...this.documents.keys()].forEach((uri) => this.close(uri)) });
  }

  /** The structure of a document as it is now; undefined when there is none, which the log says once. */
  of(document: TextDocument): Promise<Structure | undefined> {
    return this.use((parser) => this.read(document, parser));
  }

  private read(document: TextDocument, parser: RustParser): Structure | undefined {
    // It may have been closed while the grammar was loaded.
    if (this.context.documents.get(document.uri) !== document) return structureOf(parser, document.getText());
    let known = this.documents.get(document.uri);
    if (known === undefined) {
      known = { document: new RustDocument(parser), version: -1 };
      this.documents.set(document.uri, known);
    }
    if (known.version === document.version)
      return this.refused.has(document.uri) ? undefined : known.document.structure;
    known.version = document.version;
    const problem = known.document.update(document.getText());
    if (problem !== undefined) {
      this.refuse(document.uri, problem);
      return undefined;
    }
    this.refused.delete(document.uri);
    return known.document.structure;
  }

  /** The structure of a text that is not an open document. */
  ofText(text: string): Promise<Structure | undefined> {
    return this.use((parser) => structureOf(parser, text));
  }

  /** Does something with the parser. One that has failed on another document is back in a moment. */
  private async use<T>(work: (parser: RustParser) => T): Promise<T> {
    this.parser ??= this.make().catch((error: unknown) => {
      this.parser = undefined;
      throw error;
    });
    const parser = await this.parser;
    for (let losses = 0; losses < MAX_LOSSES && !parser.isReady; losses++) await parser.settled();
    return work(parser);
  }

  private refuse(uri: string, problem: string): void {
    if (this.refused.has(uri)) return;
    this.refused.add(uri);
    this.context.log.warn(`${uri} gets no lenses, and hover and inspection go by line alone: ${problem}`);
  }

  private close(uri: string): void {
    this.documents.get(uri)?.document.dispose();
    this.documents.delete(uri);
    this.refused.delete(uri);
  }
}
