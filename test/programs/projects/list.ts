/** Which projects there are. Versions are pinned: a new release must not change what a result means. */
import * as builders from "./programs/builders.js";
import * as documents from "./programs/documents.js";
import * as filePrograms from "./programs/files.js";
import * as languages from "./programs/languages.js";
import * as libraries from "./programs/libraries.js";
import * as repositories from "./programs/repositories.js";
import type { Project } from "./project.js";

/** From small to large. */
export const projects: readonly Project[] = [
  documents.pulldownCmark,
  libraries.prost,
  libraries.macroquad,
  libraries.bevy,
  libraries.egui,
  libraries.axum,
  libraries.diesel,
  libraries.tonic,
  libraries.seaOrm,
  filePrograms.hyperfine,
  filePrograms.zoxide,
  filePrograms.fd,
  filePrograms.tokei,
  builders.just,
  filePrograms.bat,
  filePrograms.ripgrep,
  filePrograms.eza,
  repositories.delta,
  documents.mdbook,
  documents.taplo,
  documents.cobalt,
  repositories.gitui,
  repositories.starship,
  builders.sccache,
  languages.wasmtime,
  documents.typst,
  repositories.jj,
  languages.rustAnalyzer,
  builders.cargo,
  languages.nu,
];

/** The projects with these names, in the list's order; all of them for no names. Throws for a name that is not there. */
export function select(names: readonly string[]): Project[] {
  const unknown = names.filter((name) => !projects.some((project) => project.name === name));
  if (unknown.length > 0)
    throw new Error(`not in the list: ${unknown.join(", ")} (there are ${projects.map((p) => p.name).join(", ")})`);
  return projects.filter(({ name }) => names.length === 0 || names.includes(name));
}
