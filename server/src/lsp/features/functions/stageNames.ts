/** The stages of a function's way through the engine, in the user's words. */
import type { FunctionEntry } from "../../../../../shared/src/report.js";

export const STAGE_NAMES: Readonly<Record<keyof FunctionEntry["us"], string>> = {
  parse: "Read",
  hash: "Key",
  translate: "Translate",
  compile: "Compile",
};
