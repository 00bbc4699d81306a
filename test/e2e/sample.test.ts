/** The sample project in one editor: what is described here is tested one after the other, each in a window of its own. */
import { describe, inject } from "vitest";
import { debugging } from "./sample/debugging.js";
import { inspecting } from "./sample/inspecting.js";
import { loop } from "./sample/loop.js";
import { recovery } from "./sample/recovery.js";
import { testing } from "./sample/testing.js";
import { testProfiles } from "./sample/testProfiles.js";
import { everyFunctionHasALens, sample } from "./support/cranefly.js";
import { useSharedEditor } from "./support/session.js";

const editor = useSharedEditor({
  project: sample,
  settings: {
    ...everyFunctionHasALens,
    "cranefly.debug.lldbDapPath": inject("programs").debugAdapter,
    "cranefly.debug.variables": "jit",
  },
});

describe("the edit-run loop", () => loop(editor));
describe("looking inside", () => inspecting(editor));
describe("the Test Explorer", () => testing(editor));
describe("the Test Explorer's other ways to run", () => testProfiles(editor));
describe("debugging", () => debugging(editor));
describe("processes that die", () => recovery(editor));
