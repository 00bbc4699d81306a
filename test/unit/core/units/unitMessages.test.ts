/** The lines that cargo closes a unit's messages with. */
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../../../shared/src/report.js";
import {
  MessageCounts,
  type UnitName,
  describeUnit,
  identityOf,
  isRustcsSummary,
} from "../../../../server/src/core/units/unitMessages.js";

const BIN: UnitName = { package: "p", kind: ["bin"], name: "b", isTest: false, isLocal: true };
const warning = (message: string, applicability?: string): Diagnostic => ({
  message,
  level: "warning",
  rendered: message,
  children: [{ spans: [{ suggestion_applicability: applicability ?? null }] }],
});
const error: Diagnostic = { message: "bad", level: "error", rendered: "bad" };

describe("closing lines", () => {
  it("name units as cargo does", () => {
    const named = (changes: Partial<UnitName>): string => describeUnit({ ...BIN, ...changes });
    expect(named({})).toBe('`p` (bin "b")');
    expect(named({ isTest: true })).toBe('`p` (bin "b" test)');
    expect(named({ kind: ["rlib", "cdylib"], isTest: true })).toBe("`p` (lib test)");
    expect(named({ kind: ["proc-macro"] })).toBe("`p` (lib)");
    expect(named({ kind: ["test"], isTest: true })).toBe('`p` (test "b")');
    expect(named({ kind: ["custom-build"] })).toBe("`p` (build script)");
  });

  it("count warnings, duplicates and suggestions", () => {
    const counts = new MessageCounts();
    expect(counts.closing(BIN)).toBeUndefined();
    counts.add(warning("a", "MachineApplicable"), true);
    expect(counts.closing(BIN)).toBe(
      '`p` (bin "b") generated 1 warning (run `cargo fix --bin "b" -p p` to apply 1 suggestion)',
    );
    counts.add(warning("b", "MachineApplicable"), false);
    counts.add(warning("c"), true);
    const test = { ...BIN, kind: ["lib"], isTest: true };
    expect(counts.closing(test)).toBe(
      "`p` (lib test) generated 3 warnings (1 duplicate) (run `cargo fix --lib -p p --tests` to apply 1 suggestion)",
    );
    expect(counts.closing({ ...BIN, isLocal: false })).toBe('`p` (bin "b") generated 3 warnings (1 duplicate)');
  });

  it("tell why nothing was built", () => {
    const counts = new MessageCounts();
    expect(counts.failure(BIN)).toBe('could not compile `p` (bin "b")');
    counts.add(error, true);
    counts.add(warning("a", "MachineApplicable"), true);
    expect(counts.failure(BIN)).toBe('could not compile `p` (bin "b") due to 1 previous error; 1 warning emitted');
    expect(counts.closing(BIN)).toBe('`p` (bin "b") generated 1 warning');
    counts.add(error, false);
    expect(counts.failure(BIN)).toBe('could not compile `p` (bin "b") due to 2 previous errors; 1 warning emitted');
  });

  it("take the place of rustc's", () => {
    const messages = [
      "aborting due to 2 previous errors",
      "1 warning emitted",
      "For more information about this error",
    ];
    expect(messages.map((message) => isRustcsSummary({ message, level: "error" }))).toEqual([true, true, false]);
  });

  it("know a diagnostic again that has moved", () => {
    const at = (line: number, text: string): Diagnostic => ({
      ...warning("unused"),
      rendered: `at ${line}`,
      spans: [{ file_name: "a.rs", line_start: line, text: [{ text }] }],
    });
    expect(identityOf(at(1, "let x;"))).toBe(identityOf(at(7, "let x;")));
    expect(identityOf(at(1, "let x;"))).not.toBe(identityOf(at(1, "let y;")));
  });
});
