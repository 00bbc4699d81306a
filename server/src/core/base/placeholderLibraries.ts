/**
 * Libraries for rustc to write a linker's line with, in the places of those that the engine has bitcode of: rustc is given their
 * metadata, so it decides as for the real ones which crates are linked, in which order, and with which native libraries.
 * What rustc would have put into the real ones beside the crate's own code is in an archive of its own.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { METADATA, archive, withMetadata } from "./archive.js";
import type { BitcodeLibrary, NativeLibraries } from "./baseInputs.js";

export interface Placeholder {
  readonly library: BitcodeLibrary;
  /** What rustc links. */
  readonly rlib: string;
  /** An archive with the native libraries that rustc bundles into the library, if there are any. */
  readonly bundle: string | undefined;
  /** Where these may be, from rustc's folder for the program. */
  readonly files: readonly string[];
}

/** `-l` options of the libraries that a crate's sources name. */
export function attributeOptions({ attributeLibraries }: NativeLibraries): string[] {
  return attributeLibraries.flatMap((value) => ["-l", value]);
}

/**
 * Makes a library's placeholder in `folder`, which is of this library alone. `rustc`: runs rustc with arguments, and throws unless it
 * succeeds.
 */
export async function makePlaceholder(
  folder: string,
  library: BitcodeLibrary,
  rustc: (args: string[]) => Promise<void>,
): Promise<Placeholder> {
  fs.mkdirSync(folder, { recursive: true });
  const rlib = path.join(folder, path.basename(library.rlib));
  const metadata = fs.readFileSync(library.metadata);
  const options = [...library.link, ...attributeOptions(library)];
  if (!options.includes("-l")) {
    fs.writeFileSync(rlib, archive([{ name: METADATA, content: metadata }]));
    return { library, rlib, bundle: undefined, files: [] };
  }
  const source = path.join(folder, "bundle.rs");
  const bundle = path.join(folder, "libcranefly_bundle.rlib");
  fs.writeFileSync(source, "");
  await rustc([source, "--crate-name=cranefly_bundle", "--crate-type=rlib", ...options, "-o", bundle]);
  fs.writeFileSync(rlib, withMetadata(bundle, metadata));
  return { library, rlib, bundle, files: staticLibraries(options) };
}

/** Where the static libraries that `-l` options mean may be. rustc tells nobody which it reads. */
function staticLibraries(options: readonly string[]): string[] {
  const values = (flag: string): string[] =>
    options.flatMap((option, index) => (option === flag ? (options[index + 1] ?? []) : []));
  const folders = values("-L").map((value) => value.replace(/^[a-z]+=/, ""));
  // `KIND:MODIFIERS=NAME:RENAME`
  const names = values("-l").map((value) => value.replace(/^[^=]*=/, "").replace(/:.*$/, ""));
  const files = names.flatMap((name) => [`lib${name}.a`, name]);
  return folders.flatMap((folder) => files.map((file) => path.join(folder, file)));
}
