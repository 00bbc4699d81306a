/** What is passed on of what cargo says, and when. */
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../../../shared/src/report.js";
import type { Message, Metadata } from "../../../../server/src/core/cargo/cargo.js";
import { CargoMessages } from "../../../../server/src/core/cargo/cargoMessages.js";

const METADATA = { packages: [{ id: "app 1", name: "app", source: null }] } as unknown as Metadata;
const TARGET = { name: "app", kind: ["bin"], crate_types: ["bin"], src_path: "/p/src/main.rs" };

function message(level: string, text: string): Message {
  return { reason: "compiler-message", package_id: "app 1", target: TARGET, message: { level, message: text } };
}

function artifact(fresh: boolean): Message {
  const profile = { test: false };
  const more = { manifest_path: "/p/Cargo.toml", filenames: [], executable: null };
  return { reason: "compiler-artifact", package_id: "app 1", target: TARGET, profile, ...more, fresh };
}

/** What has been told, after each of cargo's messages. */
function told(isNews: boolean, messages: readonly Message[]): string[][] {
  const words: string[] = [];
  const cargo = new CargoMessages(METADATA, {
    isNews,
    onProgress: () => undefined,
    messagesOf: (unit, isFresh) => ({
      add: ({ message: text }: Diagnostic) => words.push(`${isFresh ? "fresh " : ""}${text}`),
      finished: () => words.push("finished"),
      failed: () => words.push("failed"),
    }),
  });
  const after = messages.map((each) => {
    cargo.message(each);
    return words.splice(0);
  });
  cargo.end();
  return [...after, words];
}

describe("what cargo says of a unit", () => {
  it("is told at once as long as everything is", () => {
    const all = told(false, [message("warning", "a"), message("warning", "b"), artifact(false)]);
    expect(all).toEqual([["a"], ["b"], ["finished"], []]);
  });

  it("waits for the word that the unit is fresh where that is no news", () => {
    const fresh = told(true, [message("warning", "a"), message("warning", "b"), artifact(true)]);
    expect(fresh).toEqual([[], [], ["fresh a", "fresh b", "finished"], []]);
    expect(told(true, [message("warning", "a"), artifact(false)])).toEqual([[], ["a", "finished"], []]);
  });

  it("waits no longer than until an error, or cargo's end", () => {
    const failed = told(true, [message("warning", "a"), message("error", "b"), message("warning", "c")]);
    expect(failed).toEqual([[], ["a", "b"], ["c"], ["finished"]]);
    expect(told(true, [message("warning", "a")])).toEqual([[], ["a", "finished"]]);
  });
});
