/**
 * The front half of the body lane: what an edit is, and how rustc gets to see only the functions that it touches.
 *
 * Takes sources and the crate lane's records of units; gives bitcode of the edited functions. Never decides which lane is
 * taken, and never talks to the engine.
 */
export { type Blanked, blank } from "../source/blank.js";
export { type Edit, classify } from "../edits/classify.js";
export { BodyLane, type BodyLaneResult, type BodyLaneTimes, type EditedFile } from "./overlay/overlayLane.js";
export type { PatchRefusal } from "./patch/patchCrate.js";
export { PatchLane } from "./patch/patchLane.js";
export type { BodyRef, Outline } from "../source/outline.js";
export { type Source, SourceCache } from "../source/sourceCache.js";
export type { Bitcode, CompileOverlayOptions } from "./overlay/compileOverlay.js";
export { unsuitableUnit } from "./unsuitable.js";
