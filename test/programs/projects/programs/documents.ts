/** Programs that make documents out of texts. */
import { published } from "../../support/projects.js";
import { files } from "../material.js";
import type { Project } from "../project.js";

const MARKDOWN = `# Title {#id .class}

A *paragraph* with [a link](https://example.com "t"), \`code\`, <b>html</b>, Ünïcödé and a note[^1].

1. one
2. two
   - [x] done

| a | b |
|---|:-:|
| 1 | 2 |

> quoted ~~struck~~

[^1]: The note.
`;

/** Seven crates in all: quick enough for every run of the tests. */
export const pulldownCmark: Project = {
  name: "pulldown-cmark",
  version: "0.13.6",
  sources: () => published({ name: "pulldown-cmark", version: "0.13.6" }),
  selection: ["--bin", "pulldown-cmark"],
  program: "pulldown-cmark",
  work: {
    prepare: (play) => files(play, { "text.md": MARKDOWN }),
    steps: [
      { args: [], stdin: MARKDOWN },
      { args: ["--enable-tables", "--enable-footnotes", "--enable-tasklists", "text.md"] },
      { args: ["--enable-strikethrough", "--enable-heading-attributes", "--events", "text.md"] },
      { args: ["--dry-run", "--enable-smart-punctuation"], stdin: MARKDOWN.repeat(50) },
      { args: [], stdin: "[".repeat(20_000) },
      { args: ["--help"] },
      { args: ["--no-such-option"], fails: true },
      { args: ["no-such-file.md"], fails: true },
    ],
  },
  edit: {
    file: "src/main.rs",
    behind: "fn print_events(text: &str, opts: Options, broken_links: &mut Vec<BrokenLink<'static>>) {",
    step: { args: ["--events"], stdin: "text\n" },
  },
};

export const mdbook: Project = {
  name: "mdbook",
  version: "0.5.4",
  sources: () => published({ name: "mdbook", version: "0.5.4" }),
  selection: ["--bin", "mdbook"],
  program: "mdbook",
  work: {
    prepare: (play) =>
      files(play, {
        "book/book.toml":
          '[book]\ntitle = "A book"\nauthors = ["A U Thor"]\n[output.html]\nmathjax-support = true\n[output.markdown]\n',
        "book/src/SUMMARY.md":
          "# Summary\n\n[Preface](preface.md)\n\n- [One](one.md)\n  - [Two](deep/two.md)\n- [Draft]()\n",
        "book/src/preface.md": "# Preface\n\nText, a [link](one.md), ~~struck~~ and a footnote[^1].\n\n[^1]: Here.\n",
        "book/src/one.md":
          '# One\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```rust\n# fn hidden() {}\nfn main() { println!("hi"); }\n```\n\n{{#include deep/part.txt}}\n',
        "book/src/deep/two.md": "# Two\n\n- [x] done\n- [ ] not\n\n<b>html</b> &amp; Ünïcödé\n",
        "book/src/deep/part.txt": "included text\n",
        "broken/book.toml": "[book\n",
      }),
    steps: [
      { args: ["build", "book"] },
      { args: ["clean", "book", "-d", "elsewhere"] },
      { args: ["build", "book", "-d", "../out"] },
      { args: ["init", "new", "--title", "New", "--ignore", "none", "--force"] },
      { args: ["build", "broken"], fails: true },
      { args: ["build", "new"] },
      { args: ["completions", "bash"] },
      { args: ["--help"] },
    ],
    normalise: (text) => text.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|^\d{4}-\S+Z/gm, "TIME"),
  },
  edit: {
    file: "src/cmd/build.rs",
    behind: "pub fn execute(args: &ArgMatches) -> Result<()> {",
    step: { args: ["build", "book"] },
  },
};

export const cobalt: Project = {
  name: "cobalt-bin",
  version: "0.20.4",
  sources: () => published({ name: "cobalt-bin", version: "0.20.4" }),
  selection: ["--bin", "cobalt"],
  program: "cobalt",
  work: {
    prepare: (play) =>
      files(play, {
        "site/_cobalt.yml": "site:\n  title: A site\n  base_url: https://example.com\nposts:\n  rss: rss.xml\n",
        "site/index.md":
          "---\nlayout: default.liquid\n---\n# Index\n\n{% for post in collections.posts.pages %}- {{ post.title }}\n{% endfor %}\n",
        "site/_layouts/default.liquid":
          "<html><head><title>{{ page.title }}</title></head><body>{{ page.content }}</body></html>\n",
        "site/posts/first.md":
          "---\nlayout: default.liquid\ntitle: First\npublished_date: 2024-02-03 04:05:06 +0000\n---\nText\n\n```rust\nfn main() {}\n```\n",
        "site/style.scss": "$c: #123456;\nbody { a { color: darken($c, 5%); } }\n",
      }),
    steps: [
      { args: ["build"], cwd: "site" },
      { args: ["debug", "config"], cwd: "site" },
      { args: ["build", "--drafts", "--destination", "drafts"], cwd: "site" },
      { args: ["init", "new"] },
      { args: ["build"], cwd: "new" },
      { args: ["clean"], cwd: "site" },
      // It finds the pages of the sites below, and not their layouts.
      { args: ["build"], fails: true },
      { args: ["--help"] },
    ],
    normalise: (text) => text.replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*/g, "TIME"),
    changing: /^new\/|rss\.xml$/,
  },
  edit: {
    file: "src/cobalt.rs",
    behind: "pub fn build(config: Config) -> Result<()> {",
    step: { args: ["build"], cwd: "site" },
  },
};

export const taplo: Project = {
  name: "taplo-cli",
  version: "0.10.0",
  sources: () => published({ name: "taplo-cli", version: "0.10.0" }),
  selection: ["--bin", "taplo"],
  program: "taplo",
  work: {
    prepare: (play) =>
      files(play, {
        "ugly.toml":
          '# c\nb=1\n a  = [ 1,2 ,\n3]\n[t]\nlong_key="x"\n k = {a=1,b = 2024-02-03T04:05:06Z}\n[[u]]\nn=0x1F\n',
        "bad.toml": "a = \nb = 1\n",
        "data.toml": '[a]\nb = ["x", { c = 1.5 }]\n',
      }),
    steps: [
      { args: ["fmt", "--diff", "--check", "ugly.toml"], fails: true },
      { args: ["fmt", "ugly.toml", "-o", "align_entries=true", "-o", "reorder_keys=true"] },
      { args: ["fmt", "-"], stdin: "a=1\n[ b ]\nc=  [1,\n 2]\n" },
      { args: ["fmt", "bad.toml"], fails: true },
      { args: ["lint", "--no-schema", "ugly.toml", "data.toml"] },
      { args: ["lint", "--no-schema", "bad.toml"], fails: true },
      { args: ["get", "-f", "data.toml", "a.b[1]", "-o", "json"] },
      { args: ["get", "-f", "data.toml", "nothing"], fails: true },
      { args: ["config", "default"] },
      { args: ["toml-test"], stdin: "a = 1\nb = [1.0, inf]\n" },
      { args: ["--help"] },
    ],
    // The last line is written by a task of its own, and is lost where the program ends before it.
    normalise: (text) =>
      text.replace(/^\s*\d{4}-\d\d-\d\dT\S+Z/gm, "TIME").replace(/^ *ERROR operation failed.*\n?/gm, ""),
  },
  edit: {
    file: "src/commands/format.rs",
    behind: "pub async fn execute_format(&mut self, cmd: FormatCommand) -> Result<(), anyhow::Error> {",
    step: { args: ["fmt", "-"], stdin: "a=1\n" },
  },
};

export const typst: Project = {
  name: "typst-cli",
  version: "0.15.1",
  sources: () => published({ name: "typst-cli", version: "0.15.1" }),
  selection: ["--bin", "typst"],
  program: "typst",
  work: {
    prepare: (play) =>
      files(play, {
        "paper.typ":
          '#set page(width: 12cm, height: auto)\n#set heading(numbering: "1.")\n= Title <title>\nText with _emphasis_ and $ sum_(k=1)^n k = (n(n+1)) / 2 $\n#table(columns: 2, [a], [b], ..range(4).map(n => [#calc.pow(n, 2)]))\n```rust\nfn main() {}\n```\nSee @title. #include "part.typ"\n',
        "part.typ": "#let f(x) = if x < 2 { 1 } else { x * f(x - 1) }\nFactorial: #f(10), #lorem(12)\n",
        "broken.typ": "#let x = \n#unknown(1)\n",
      }),
    steps: [
      { args: ["compile", "paper.typ", "paper.pdf", "--creation-timestamp=0", "--ignore-system-fonts"] },
      { args: ["compile", "paper.typ", "paper.png", "--ppi=72", "--ignore-system-fonts"] },
      { args: ["compile", "paper.typ", "paper.svg", "--ignore-system-fonts"] },
      { args: ["query", "paper.typ", "<title>", "--ignore-system-fonts"] },
      { args: ["fonts", "--ignore-system-fonts"] },
      { args: ["compile", "broken.typ", "x.pdf", "--ignore-system-fonts"], fails: true },
      { args: ["--help"] },
    ],
  },
  edit: {
    file: "src/compile.rs",
    behind: "pub fn compile(command: &'static CompileCommand) -> HintedStrResult<()> {",
    step: { args: ["compile", "part.typ", "part.svg", "--ignore-system-fonts"] },
  },
};
