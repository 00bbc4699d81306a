/** Programs that read files and write about them. */
import { published } from "../../support/projects.js";
import { RUST, files, sources } from "../material.js";
import type { Project } from "../project.js";

const tree = (...args: string[]) => ({ args, cwd: "tree" });

export const hyperfine: Project = {
  name: "hyperfine",
  version: "1.20.0",
  sources: () => published({ name: "hyperfine", version: "1.20.0" }),
  selection: ["--bin", "hyperfine"],
  program: "hyperfine",
  work: {
    steps: [
      { args: ["--help"] },
      {
        args: [
          "--debug-mode",
          "--runs",
          "3",
          "--warmup",
          "1",
          "sleep 0.3",
          "--style",
          "none",
          "--export-json",
          "r.json",
        ],
      },
      { args: ["--debug-mode", "-P", "delay", "1", "3", "--runs", "2", "sleep {delay}", "--export-markdown", "r.md"] },
      { args: ["--runs", "2", "--style", "basic", "-N", "true"] },
      { args: ["--runs", "2", "false"], fails: true },
      { args: ["--runs", "many", "true"], fails: true },
    ],
    // What it measures; how much is said of it depends on that as well.
    normalise: (text) =>
      text
        // (Bytes are characters here: two of them are a µ.)
        .replace(/\d+(\.\d+)? (\u00c2\u00b5s|ms|s)\b/g, "T")
        .replace(/\d+\.\d+/g, "T")
        .replace(/ +/g, " ")
        .replace(/^ Warning.*\n/gm, "")
        .replace(/^ *\n/gm, ""),
    changing: /^r\.(json|md)$/,
  },
  edit: {
    file: "src/benchmark/scheduler.rs",
    behind: "pub fn final_export(&self) -> Result<()> {",
    step: { args: ["--runs", "2", "--style", "none", "-N", "true"] },
  },
};

export const zoxide: Project = {
  name: "zoxide",
  version: "0.10.0",
  sources: () => published({ name: "zoxide", version: "0.10.0" }),
  selection: ["--bin", "zoxide"],
  program: "zoxide",
  work: {
    prepare: sources,
    steps: [
      ...["bash", "fish", "nushell", "powershell", "zsh", "xonsh"].map((shell) => ({ args: ["init", shell] })),
      { args: ["add", "tree/src", "tree/src", "tree/web", "tree"] },
      { args: ["query", "--list", "--score"] },
      { args: ["query", "src"] },
      { args: ["query", "nothing-like-this"], fails: true },
      { args: ["remove", "tree/web"] },
      { args: ["query", "--list"] },
      { args: ["import", "nonsense"], fails: true },
      { args: ["--help"] },
    ],
    env: (play) => ({ _ZO_DATA_DIR: play }),
    changing: /^db\.zo$/, // It holds the time.
  },
  edit: {
    file: "src/cmd/query.rs",
    behind: "fn run(&self) -> Result<()> {",
    print: (expression) => `eprintln!("{}", ${expression});`,
    step: { args: ["query", "--list"], env: {} },
  },
};

export const fd: Project = {
  name: "fd-find",
  version: "10.5.0",
  sources: () => published({ name: "fd-find", version: "10.5.0" }),
  selection: ["--bin", "fd"],
  program: "fd",
  work: {
    prepare: sources,
    steps: [
      { ...tree(), isUnordered: true },
      { ...tree("-H", "-I", "-t", "f", "-x", "echo", "{/}", "in", "{//}"), isUnordered: true },
      { ...tree("\\.rs$", "--color", "always"), isUnordered: true },
      { ...tree("-e", "rs", "-X", "wc", "-c"), isUnordered: true },
      { ...tree("-l", "-e", "md"), fails: false },
      { ...tree("-S", "+1k", "--format", "{}: {.}"), isUnordered: true },
      { ...tree("--changed-before", "2024-06-01", "-t", "f"), isUnordered: true },
      { ...tree("(unclosed"), fails: true },
      { ...tree("-1", "nothing-like-this"), fails: false },
      { args: ["--help"] },
    ],
  },
  edit: {
    file: "src/output.rs",
    behind:
      "pub fn print_entry<W: Write>(stdout: &mut W, entry: &DirEntry, config: &Config) -> io::Result<()> {\n    let mut has_hyperlink = false;",
    print: (expression) => `writeln!(stdout, "{}", ${expression})?;`,
    step: { ...tree("-e", "py"), isUnordered: true },
  },
};

export const tokei: Project = {
  name: "tokei",
  version: "15.0.0",
  sources: () => published({ name: "tokei", version: "15.0.0" }),
  selection: ["--bin", "tokei"],
  program: "tokei",
  work: {
    prepare: sources,
    steps: [
      { args: ["tree"] },
      { args: ["--files", "--sort", "lines", "tree"] },
      { args: ["--no-ignore", "--hidden", "-t", "Rust,Python", "tree"] },
      { args: ["--compact", "tree"] },
      { args: ["--languages"] },
      { args: ["no-such-folder"], fails: true },
    ],
  },
  edit: {
    file: "src/cli_utils.rs",
    behind: "pub fn print_header(&mut self) -> io::Result<()> {",
    print: (expression) => `writeln!(self.writer, "{}", ${expression})?;`,
    step: { args: ["tree"] },
  },
};

export const bat: Project = {
  name: "bat",
  version: "0.26.1",
  sources: () => published({ name: "bat", version: "0.26.1" }),
  selection: ["--bin", "bat"],
  program: "bat",
  work: {
    prepare: sources,
    steps: [
      tree("--color=always", "--style=full", "--paging=never", "src/main.rs", "script.py", "web/index.html"),
      tree("--color=always", "--theme=GitHub", "--paging=never", "-l", "md", "README.md", "data.json"),
      tree("--plain", "--show-all", "binary.bin", "Makefile"),
      { ...tree("-r", "2:4", "-H", "3", "--color=always", "-"), stdin: RUST },
      tree("--list-themes", "--color=never"),
      tree("--list-languages"),
      { ...tree("no-such-file"), fails: true },
      { args: ["--help"] },
    ],
  },
  edit: {
    file: "src/controller.rs",
    behind: ") -> Result<()> {\n        let mut current_line_buffer: Vec<u8> = Vec::new();",
    step: tree("--plain", "--paging=never", "data.json"),
  },
};

export const ripgrep: Project = {
  name: "ripgrep",
  version: "15.2.0",
  sources: () => published({ name: "ripgrep", version: "15.2.0" }),
  selection: ["--bin", "rg"],
  program: "rg",
  work: {
    prepare: sources,
    steps: [
      // (Where it is not told where, it searches its standard input.)
      tree("--sort=path", "-n", "answer", "."),
      tree("--sort=path", "--color=always", "--heading", "-C2", "-w", "value|answer", "."),
      tree("--sort=path", "-uuu", "--json", "secret", "."),
      tree("--sort=path", "-c", "(?i)LINE \\d+5 ", "."),
      tree("-o", "-r", "$2-$1", "(line) (4\\d)", "long.txt"),
      tree("--sort=path", "-U", "A block\\n.*comment", "."),
      tree("--files", "--sort=path", "-trust"),
      tree("--type-list"),
      tree("--stats", "-j1", "--sort=path", "-l", "fn", "."),
      { ...tree("nothing like this", "."), fails: true },
      { ...tree("(unclosed", "."), fails: true },
      { args: ["--help"] },
    ],
    normalise: (text) =>
      text.replace(/"(nanos|secs|human)":("[^"]*"|\d+)/g, '"$1":T').replace(/\d+\.\d+ seconds/g, "T seconds"),
  },
  edit: {
    file: "crates/core/main.rs",
    behind: "fn search(args: &HiArgs, mode: SearchMode) -> anyhow::Result<bool> {",
    step: tree("--sort=path", "answer", "."),
  },
};

export const eza: Project = {
  name: "eza",
  version: "0.23.5",
  sources: () => published({ name: "eza", version: "0.23.5" }),
  selection: ["--bin", "eza"],
  program: "eza",
  work: {
    prepare: async (play) => {
      await sources(play);
      await files(play, { "tree/a file.tar.gz": "", "tree/image.png": "" });
    },
    steps: [
      tree("--all", "--long", "--no-user", "--time-style=long-iso", "--color=always"),
      tree("--tree", "--level=3", "--icons=always"),
      tree("--grid", "--width=60", "--sort=extension", "--classify=always"),
      tree("--recurse", "--oneline", "--only-files", "--git-ignore"),
      tree("--long", "--header", "--bytes", "--no-user", "--no-permissions", "--sort=size"),
      { ...tree("no-such-folder"), fails: true },
      { args: ["--help"] },
    ],
  },
  edit: {
    file: "src/main.rs",
    behind: "fn main() {\n    #[cfg(unix)]\n    unsafe {\n        libc::signal(libc::SIGPIPE, libc::SIG_DFL);\n    }\n",
    step: tree("--oneline"),
  },
};
