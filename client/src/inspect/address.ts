/** The URIs of virtual documents: what they show is in the query, so that VS Code can open them again. Pure. */
import type { InspectKind } from "../../../shared/src/lsp.js";

/** The URI scheme of all texts that are made from a generation. */
export const inspectScheme = "cranefly-ir";

/** What a virtual document shows. */
export interface Address {
  readonly what: InspectKind | "explanation";
  /** The function's name, for the tab. */
  readonly name: string;
  /** The source file, and the line (from 0) where the function was when the document was opened. */
  readonly uri: string;
  readonly line: number;
  /** The instance, by symbol; without one the server chooses. */
  readonly symbol?: string;
  /** The text before the function's last change. */
  readonly previous?: boolean;
}

/** The names that users know the texts by. */
export const titles: Readonly<Record<Address["what"], string>> = {
  llvm: "LLVM IR",
  clif: "Cranelift IR",
  asm: "Machine Code",
  explanation: "Explanation",
};

/** Path and query of the document's URI. The path ends in what editors know the language by. */
export function toUriParts(address: Address): { readonly path: string; readonly query: string } {
  const { name, ...rest } = address;
  const file = name.replace(/[^\w<>:,&*[\]()-]+/g, "_").slice(0, 80);
  const previous = address.previous === true ? " (previous)" : "";
  return { path: `/${file}${previous}${extensions[address.what]}`, query: JSON.stringify({ ...rest, name }) };
}

/** The way back; undefined for a query that is not from `toUriParts`. */
export function fromQuery(query: string): Address | undefined {
  let value: unknown;
  try {
    value = JSON.parse(query);
  } catch {
    return undefined;
  }
  return isAddress(value) ? value : undefined;
}

function isAddress(value: unknown): value is Address {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const { what, name, uri, line, symbol, previous } = value as Partial<Record<keyof Address, unknown>>;
  return (
    typeof what === "string" &&
    Object.hasOwn(extensions, what) &&
    typeof name === "string" &&
    typeof uri === "string" &&
    typeof line === "number" &&
    (symbol === undefined || typeof symbol === "string") &&
    (previous === undefined || typeof previous === "boolean")
  );
}

const extensions: Readonly<Record<Address["what"], string>> = {
  llvm: ".ll",
  clif: ".clif",
  asm: ".s",
  explanation: ".md",
};
