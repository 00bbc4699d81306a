/** What programs are given to work on: made the same each time. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { mustRun } from "../support/process.js";

/** Writes files below a folder, with their folders. */
export async function files(folder: string, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(texts)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** A small tree of sources in several languages, with a folder that is ignored. */
export async function sources(folder: string): Promise<void> {
  await files(folder, {
    "tree/src/main.rs": RUST,
    "tree/src/lib.rs": RUST.replaceAll("Shape", "Figure"),
    "tree/src/deep/er/module.rs": "//! A module.\n\n/* A block\n   of comment. */\npub const ANSWER: u32 = 42;\n",
    "tree/script.py":
      '"""Doc."""\nimport sys\n\n\ndef main(argv):\n    # Prints.\n    print("hello", argv)\n\n\nmain(sys.argv)\n',
    "tree/web/index.html":
      "<!doctype html>\n<html>\n<script>\n// code\nlet x = 1;\n</script>\n<body>Ünïcödé</body>\n</html>\n",
    "tree/web/style.css": "/* c */\nbody { color: #fff; }\n",
    "tree/README.md": "# Title\n\nText with `code`.\n\n```rust\nfn f() {}\n```\n",
    "tree/Makefile": "all:\n\techo all\n",
    "tree/data.json": '{"a": [1, 2.5, null], "b": {"c": "d"}}\n',
    "tree/.gitignore": "ignored/\n",
    "tree/ignored/secret.rs": "fn secret() { let answer = 42; }\n",
    "tree/empty.txt": "",
    "tree/binary.bin": "\u0000\u0001\u0002answer\u0000",
    "tree/long.txt": Array.from({ length: 500 }, (_, n) => `line ${n} of the long file, value ${(n * n) % 97}\n`).join(
      "",
    ),
  });
}

export const RUST = `//! Shapes.
use std::fmt;

/// A shape with an area.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Circle { radius: f64 },
    Square(f64),
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The answer is 42.
        match self {
            Shape::Circle { radius } => write!(f, "circle of {radius:.2}"),
            Shape::Square(side) => write!(f, "square of {side}"),
        }
    }
}

fn main() {
    let answer: u32 = 6 * 7; /* inline */
    println!("{} {answer}\\t{:?}", Shape::Square(1.5), Shape::Circle { radius: 0x1F as f64 });
}
`;

/** The environment in which git makes the same objects each time. */
export const GIT: Readonly<Record<string, string>> = {
  GIT_AUTHOR_NAME: "A U Thor",
  GIT_AUTHOR_EMAIL: "author@example.com",
  GIT_COMMITTER_NAME: "C O Mitter",
  GIT_COMMITTER_EMAIL: "committer@example.com",
  GIT_AUTHOR_DATE: "2024-02-03T04:05:06Z",
  GIT_COMMITTER_DATE: "2024-02-03T04:05:06Z",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
};

/** A repository in the folder \`repository\` with some commits, a branch, a merge, a tag, and changes that are not committed. */
export async function repositoryIn(folder: string): Promise<void> {
  const place = path.join(folder, "repository");
  const git = (...args: string[]) => mustRun("git", args, { cwd: place, env: GIT });
  await files(place, { "main.rs": RUST, "notes.txt": "one\ntwo\nthree\n", "doc/a b.md": "# A\n\ntext\n" });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", ".");
  await git("commit", "--quiet", "-m", "The first commit\n\nWith a body.");
  await files(place, { "main.rs": RUST.replace("6 * 7", "2 * 21").replace("// The answer is 42.", "// It is 42.") });
  await git("commit", "--quiet", "-am", "Say it otherwise");
  await git("checkout", "--quiet", "-b", "topic", "HEAD~1");
  await files(place, { "notes.txt": "one\n2\nthree\nfour\n", "new/file.py": "print('new')\n" });
  await git("add", ".");
  await git("commit", "--quiet", "-m", "Ünïcödé in a message");
  await git("checkout", "--quiet", "main");
  await git("merge", "--quiet", "--no-ff", "-m", "Merge topic", "topic");
  await git("tag", "-a", "v1.0", "-m", "The first version");
  await git("mv", "notes.txt", "renamed.txt");
  await files(place, { "main.rs": RUST.replaceAll("radius", "r"), "untracked.txt": "nobody knows me\n" });
}
