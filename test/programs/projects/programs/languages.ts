/** Programs that run programs in languages of their own. */
import { published } from "../../support/projects.js";
import { RUST, files } from "../material.js";
import type { Project, Step } from "../project.js";

const nuStep = (script: string): Step => ({ args: ["--no-config-file", "-c", script] });

export const nu: Project = {
  name: "nu",
  version: "0.115.1",
  sources: () => published({ name: "nu", version: "0.115.1" }),
  selection: ["--bin", "nu"],
  program: "nu",
  work: {
    prepare: (play) =>
      files(play, {
        "data.json": '[{"name": "a", "size": 3}, {"name": "b", "size": 1}, {"name": "c", "size": 2}]\n',
        "data.csv": "x,y\n1,2\n3,4\n",
        "script.nu":
          "def fib [n: int] { if $n < 2 { $n } else { (fib ($n - 1)) + (fib ($n - 2)) } }\ndef main [n: int = 10] { fib $n | print; 0..$n | each { |i| $i ** 2 } | math sum }\n",
      }),
    steps: [
      nuStep("open data.json | sort-by size | to json"),
      nuStep("open data.csv | insert z { |r| $r.x + $r.y } | to md"),
      nuStep("ls | select name type size | sort-by name | to nuon"),
      nuStep("1..20 | each { |n| $n * $n } | where $it mod 2 == 0 | math avg"),
      nuStep("'a-b-c' | split row '-' | str upcase | str join '+'"),
      nuStep("{a: 1, b: [x y]} | to yaml; 0x[ff 00] | encode base64; '2024-02-03' | into datetime | format date '%A'"),
      nuStep("open data.json | into sqlite out.db; open out.db | query db 'select sum(size) as s from main' | to json"),
      nuStep("def f [x: int] { $x | into string }; try { f 'no' } catch { |e| $e.msg }"),
      nuStep("[1 2 3] | par-each { |n| $n * 2 } | sort | to text; ^echo external"),
      nuStep("help commands | where category == math | get name | to text"),
      { args: ["--no-config-file", "script.nu", "12"] },
      { args: ["--no-config-file", "--stdin", "-c", "lines | length"], stdin: "one\ntwo\nthree\n" },
      { ...nuStep("1 / 0"), fails: true },
      { ...nuStep("let x = "), fails: true },
      { args: ["--help"] },
    ],
    normalise: (text) => text.replace(/nu::\S+/g, (found) => found),
    changing: /^(\.config|\.data|\.cache)/,
  },
  edit: {
    file: "src/run.rs",
    behind: 'trace!("run_commands");',
    step: nuStep("1 + 1"),
  },
};

const TRAPS = `(module
  (memory 1)
  (func (export "bounds") (result i32) (i32.load (i32.const 70000)))
  (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
  (func (export "dead") unreachable)
  (func $deep (export "deep") (param i32) (result i32)
    (i32.add (i32.const 1) (call $deep (i32.add (local.get 0) (i32.const 1)))))
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "mix") (param f64 i64) (result f64)
    (f64.mul (f64.sqrt (local.get 0)) (f64.convert_i64_s (i64.rotl (local.get 1) (i64.const 3))))))
`;

const HELLO = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "hello from wasm\\n")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 16))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const 3))))
`;

const WAST = `(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "v") (param i32) (result i32) (i32x4.extract_lane 2 (i32x4.mul (i32x4.splat (local.get 0)) (v128.const i32x4 1 2 3 4))))
  (func (export "t") (result i32) (i32.trunc_f32_s (f32.const nan))))
(assert_return (invoke "add" (i32.const 2) (i32.const 3)) (i32.const 5))
(assert_return (invoke "v" (i32.const 7)) (i32.const 21))
(assert_trap (invoke "t") "invalid conversion to integer")
(assert_invalid (module (func (result i32))) "type mismatch")
`;

const invoke = (name: string, ...args: string[]): Step => ({ args: ["run", "--invoke", name, "traps.wat", ...args] });

export const wasmtime: Project = {
  name: "wasmtime-cli",
  version: "48.0.8",
  sources: () => published({ name: "wasmtime-cli", version: "48.0.8" }),
  selection: ["--bin", "wasmtime"],
  program: "wasmtime",
  work: {
    prepare: (play) => files(play, { "traps.wat": TRAPS, "hello.wat": HELLO, "spec.wast": WAST }),
    steps: [
      invoke("fib", "15"),
      invoke("mix", "2.25", "12345678901"),
      { ...invoke("bounds"), fails: true },
      { ...invoke("divide", "0"), fails: true },
      { ...invoke("dead"), fails: true },
      { ...invoke("deep", "0"), fails: true },
      { args: ["run", "hello.wat"], fails: true },
      { args: ["wast", "spec.wast"] },
      { args: ["compile", "traps.wat", "-o", "traps.cwasm"] },
      { args: ["run", "--allow-precompiled", "--invoke", "fib", "traps.cwasm", "10"] },
      { args: ["run", "-W", "fuel=1000", "--invoke", "fib", "traps.wat", "20"], fails: true },
      { args: ["run", "-C", "compiler=winch", "--invoke", "fib", "traps.wat", "10"] },
      { args: ["objdump", "traps.cwasm"] },
      { args: ["settings"] },
      { args: ["--help"] },
    ],
    env: () => ({ WASMTIME_BACKTRACE_DETAILS: "0" }),
    changing: /^(\.config|\.cache)/,
  },
  edit: {
    file: "src/commands/run.rs",
    behind: "    pub fn execute(mut self) -> Result<()> {",
    step: { args: ["run", "hello.wat"], fails: true },
  },
};

/** A message as the language server protocol has it. */
function message(content: object): string {
  const text = JSON.stringify({ jsonrpc: "2.0", ...content });
  return `Content-Length: ${text.length}\r\n\r\n${text}`;
}

/** The shortest session that there is. */
const SESSION = [
  { id: 1, method: "initialize", params: { processId: null, rootUri: null, capabilities: {} } },
  { method: "initialized", params: {} },
  { id: 2, method: "shutdown" },
  { method: "exit" },
];

export const rustAnalyzer: Project = {
  name: "ra_ap_rust-analyzer",
  version: "0.0.349",
  sources: () => published({ name: "ra_ap_rust-analyzer", version: "0.0.349" }),
  selection: ["--bin", "rust-analyzer"],
  program: "rust-analyzer",
  work: {
    prepare: (play) =>
      files(play, {
        "a/Cargo.toml": '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
        "a/Cargo.lock": 'version = 4\n\n[[package]]\nname = "a"\nversion = "0.1.0"\n',
        "a/src/main.rs": 'mod b;\nfn main() {\n    b::f(1, missing());\n    let x: u8 = "text";\n}\n',
        "a/src/b.rs": "pub fn f<T: Into<u64>>(t: T) -> u64 {\n    t.into() + 1\n}\n",
      }),
    steps: [
      { args: ["--version"] },
      { args: ["parse"], stdin: RUST },
      { args: ["parse", "--json"], stdin: "fn f( {}\nstruct S<'a>(&'a str);\n" },
      { args: ["symbols"], stdin: RUST },
      { args: ["highlight", "--rainbow"], stdin: RUST },
      { args: ["diagnostics", "a", "--disable-build-scripts", "--disable-proc-macros"] },
      { args: ["ssr", "$a + $b ==>> add($a, $b)"], cwd: "a" },
      { args: ["search", "f($a, $b)"], cwd: "a" },
      { args: ["lsp-server", "--print-config-schema"] },
      { args: [], stdin: SESSION.map(message).join("") },
      { args: ["--no-such-option"], fails: true },
      { args: ["--help"] },
    ],
    normalise: (text) => text.replace(/\d+(\.\d+)?(ms|s|mb|gb)\b/gi, "N").replace(/\s*[\d.]+ ?µs/g, " N"),
    changing: /^(\.cache|a\/target)/,
  },
  edit: {
    file: "src/cli/parse.rs",
    behind: 'let _p = tracing::info_span!("flags::Parse::run").entered();',
    step: { args: ["parse"], stdin: "fn f() {}\n" },
  },
};
