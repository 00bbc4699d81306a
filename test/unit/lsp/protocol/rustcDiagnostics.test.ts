/** rustc's JSON in LSP's terms: real messages, made by the rustc that is installed. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { DiagnosticTag } from "vscode-languageserver-protocol";
import { Diagnostic } from "../../../../shared/src/report.js";
import {
  DiagnosticData,
  type FileDiagnostic,
  convert,
  fileFinder,
} from "../../../../server/src/lsp/protocol/rustcDiagnostics.js";

const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "cranefly-rustc-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
const URI = pathToFileURL(path.join(folder, "lib.rs")).toString();

function compile(source: string): FileDiagnostic[] {
  fs.writeFileSync(path.join(folder, "lib.rs"), source);
  const args = ["--crate-type=lib", "--error-format=json", "--emit=metadata", "--edition=2021", "lib.rs"];
  const { stderr } = spawnSync("rustc", args, { cwd: folder, encoding: "utf8" });
  const find = fileFinder([folder], (file) => fs.existsSync(file));
  return stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .flatMap((line) => convert(Diagnostic.parse(JSON.parse(line)), find) ?? []);
}

describe("a diagnostic", () => {
  it("is shown where a macro is used, not in the library that defines it", () => {
    const [placed] = compile('pub fn f() {\n    println!("{}", missing);\n    println!("{}", ());\n}\n');
    expect(placed).toMatchObject({
      uri: URI,
      diagnostic: { code: "E0425", range: { start: { line: 1, character: 19 } } },
    });
    const formatted = compile('pub fn f() {\n    println!("{}", ());\n}\n');
    expect(formatted).toMatchObject([{ uri: URI, diagnostic: { code: "E0277", range: { start: { line: 1 } } } }]);
  });

  it("names the use of the user's own macro", () => {
    const [placed] = compile("macro_rules! m { () => { let x: u8 = true; } }\npub fn f() {\n    m!();\n}\n");
    const related = placed?.diagnostic.relatedInformation?.map(({ message, location }) => [
      message,
      location.range.start.line,
    ]);
    expect(related).toContainEqual(["in this use of m!", 2]);
  });

  it("carries fixes with all their parts, and alternatives one by one", () => {
    const [parts] = compile("pub fn f(a: usize) -> u32 {\n    a + 1\n}\n");
    const { fixes } = DiagnosticData.parse(parts?.diagnostic.data);
    expect(fixes[0]?.edits.map((edit) => edit.newText)).toEqual(["(", ").try_into().unwrap()"]);
    const [imports] = compile("pub fn f() -> HashMap<u8, u8> {\n    todo!()\n}\n");
    const data = DiagnosticData.parse(imports?.diagnostic.data);
    expect(data.fixes.map((fix) => fix.edits.length)).toContain(1);
    expect(data.fixes.flatMap((fix) => fix.edits).map((edit) => edit.newText)).toContain(
      "use std::collections::HashMap;\n\n",
    );
  });

  it("tells what is unused and what is deprecated, and counts columns in UTF-16", () => {
    const placed = compile(
      'pub fn f() {\n    let _s = "🦀"; let x = 1;\n    old();\n}\n#[deprecated]\npub fn old() {}\nfn dead() {}\n',
    );
    const byCode = new Map(placed.map(({ diagnostic }) => [diagnostic.code, diagnostic]));
    expect(byCode.get("unused_variables")).toMatchObject({
      tags: [DiagnosticTag.Unnecessary],
      range: { start: { line: 1, character: 23 }, end: { line: 1, character: 24 } },
    });
    expect(byCode.get("deprecated")?.tags).toEqual([DiagnosticTag.Deprecated]);
    expect(byCode.get("dead_code")?.tags).toEqual([DiagnosticTag.Unnecessary]);
  });
});
