/**
 * Libraries for rustc to write a linker's line with, in the places of those that the engine has bitcode of: rustc is given their
 * metadata, so it decides as for the real ones which crates are linked, in which order, and with which native libraries.
 * What rustc would have put into the real ones beside the crate's own code is in an archive of its own.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { METADATA, archive, withMetadata } from "./archive.js";
import type { BitcodeLibrary, NativeLibraries } from "./baseInputs.js";
import { statOf } from "../support/files.js";

export interface Placeholder {
  readonly library: BitcodeLibrary;
  /** What rustc links. */
  readonly rlib: string;
  /** An archive with the native libraries that rustc bundles into the library, if there are any. */
  readonly bundle: string | undefined;
  /** The files that these may be. */
  readonly bundled: readonly string[];
}

/** `-l` options of the libraries that a crate's sources name. */
export function attributeOptions({ attributeLibraries }: NativeLibraries): string[] {
  return attributeLibraries.flatMap((value) => ["-l", value]);
}

/**
 * Makes a library's placeholder in `folder`, which is of this library alone. `rustc`: runs rustc with arguments in `cwd`, and throws
 * unless it succeeds.
 */
export async function makePlaceholder(
  folder: string,
  library: BitcodeLibrary,
  cwd: string,
  rustc: (args: string[]) => Promise<void>,
): Promise<Placeholder> {
  fs.mkdirSync(folder, { recursive: true });
  const rlib = path.join(folder, path.basename(library.rlib));
  const metadata = fs.readFileSync(library.metadata);
  const options = [...library.link, ...attributeOptions(library)];
  if (!options.includes("-l")) {
    fs.writeFileSync(rlib, archive([{ name: METADATA, content: metadata }]));
    return { library, rlib, bundle: undefined, bundled: [] };
  }
  const source = path.join(folder, "bundle.rs");
  const bundle = path.join(folder, "libcranefly_bundle.rlib");
  fs.writeFileSync(source, "");
  await rustc([source, "--crate-name=cranefly_bundle", "--crate-type=rlib", ...options, "-o", bundle]);
  fs.writeFileSync(rlib, withMetadata(bundle, metadata));
  return { library, rlib, bundle, bundled: staticLibraries(options, cwd) };
}

/** The static libraries that options may name: wherever rustc looks for them, by either kind of name. */
function staticLibraries(options: readonly string[], cwd: string): string[] {
  const valuesOf = (flag: string): string[] => options.filter((_, index) => options[index - 1] === flag);
  const folders = valuesOf("-L").map((value) => path.resolve(cwd, value.replace(/^(?:native|all)=/, "")));
  const names = valuesOf("-l").flatMap((value) => value.slice(value.indexOf("=") + 1).split(":"));
  return folders.flatMap((folder) =>
    names
      .flatMap((name) => [`lib${name}.a`, name].map((file) => path.join(folder, file)))
      .filter((file) => statOf(file)?.isFile() === true),
  );
}
