/**
 * The front half of the body lane: what an edit is, and how rustc gets to see only the functions that it touches.
 *
 * Takes sources and the crate lane's records of units; gives bitcode of the edited functions. Never decides which lane is
 * taken, and never talks to the engine.
 */
export { type Blanked, blank } from "./blank.js";
export { type Edit, classify } from "./classify.js";
export { BodyLane, type BodyLaneResult, type BodyLaneTimes, type EditedFile } from "./lane.js";
export type { PatchRefusal } from "./patch/crate.js";
export { PatchLane } from "./patch/lane.js";
export type { BodyRef, Outline } from "./outline.js";
export { type Source, SourceCache } from "./source.js";
export type { Bitcode, CompileOverlayOptions } from "./rustc.js";
export { unsuitableUnit } from "./unsuitable.js";
