/** A small git history, replayed as saves: what each commit becomes, and which lanes take it. */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { History } from "../../bench/replay/commits.js";
import { HistoryReplay, NotBuilt } from "../../bench/history/replay.js";
import type { Row } from "../../bench/history/results.js";
import { savesOf } from "../../bench/history/saves.js";
import { sectionOf } from "../../bench/history/document.js";
import { HAS_ENGINE, Project, manifest } from "./project.js";

describe.runIf(HAS_ENGINE)("a history", () => {
  let project: Project;
  let history: History;
  const git = (...args: readonly string[]): void => {
    const who = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false"];
    execFileSync("git", ["-C", project.path("repository"), ...who, ...args], { stdio: "pipe" });
  };
  const commit = (subject: string): void => {
    git("add", "--all");
    git("commit", "--quiet", "--message", subject);
  };
  const main = (greeting: string, rest = ""): string =>
    `mod words;\nfn main() {\n    println!("${greeting} {}", words::word());\n}\n${rest}`;

  beforeAll(() => {
    project = new Project("history", {
      "repository/Cargo.toml": manifest("small"),
      "repository/src/main.rs": main("hello"),
      "repository/src/words.rs": 'pub fn word() -> &\'static str {\n    "world"\n}\n',
    });
    execFileSync("git", ["init", "--quiet", project.path("repository")]);
    commit("begin");
    project.write("repository/src/main.rs", main("good day"));
    project.write("repository/src/words.rs", 'pub fn word() -> &\'static str {\n    "earth"\n}\n');
    commit("edit two bodies");
    project.write(
      "repository/src/main.rs",
      main("good day", "fn more() {}\nfn most() {}\n").replace("word()", "word(1)"),
    );
    project.write("repository/src/words.rs", 'pub fn word(n: u32) -> String {\n    format!("earth {n}")\n}\n');
    project.write("repository/unread/other.rs", "fn nothing() {}\n");
    project.write("repository/README.md", "Small.\n");
    commit("change a signature");
    history = History.open(project.path("repository"), project.path("home/source")) ?? expect.fail("no history");
  });
  afterAll(() => project.remove());

  it("is cut into files or places", () => {
    const [, last] = history.plain(10, false);
    const names = (mode: "files" | "hunks"): string[] =>
      savesOf(history, last?.id ?? "", mode).saves.map(({ file }) => file);
    expect(names("files")).toEqual(["src/main.rs", "src/words.rs", "unread/other.rs"]);
    expect(names("hunks")).toEqual(["src/main.rs", "src/main.rs", "src/words.rs", "unread/other.rs"]);
    const [first, second] = savesOf(history, last?.id ?? "", "hunks").saves;
    expect(first?.contents?.toString()).toBe(main("good day").replace("word()", "word(1)"));
    expect(second?.contents?.toString()).toBe(
      main("good day", "fn more() {}\nfn most() {}\n").replace("word()", "word(1)"),
    );
    expect(savesOf(history, last?.id ?? "", "files").others.map(({ file }) => file)).toEqual(["README.md"]);
  });

  it("is replayed: the lanes, what does not compile, and cargo's time for the same", async () => {
    const rows: Row[] = [];
    const replay = await HistoryReplay.open({
      history,
      home: project.path("home"),
      targets: [],
      env: project.env,
      mode: "files",
      cargoEvery: 3,
      room: 1e12,
      stop: new AbortController().signal,
      onRow: (row) => rows.push(row),
    });
    try {
      const commits = history.plain(10, false);
      expect(commits.map(({ subject }) => subject)).toEqual(["edit two bodies", "change a signature"]);
      const results = [];
      for (const each of commits) results.push(await replay.commit(each));
      expect(results).toMatchObject([
        { broken: 0, unseen: 0, diverged: [], isLeftOut: false },
        { broken: 1, unseen: 1, diverged: [], isLeftOut: false },
      ]);
      expect(rows).toMatchObject([
        { file: "src/main.rs", lane: "body", kind: "bodies of functions", reason: null, behind: 0 },
        { file: "src/words.rs", lane: "body", kind: "bodies of functions", reason: null, behind: 0 },
        { file: "src/words.rs", kind: "a signature, an attribute of a function", behind: 1 },
      ]);
      expect(rows.map(({ cargoMs }) => cargoMs !== null)).toEqual([true, false, false]);
      const [head] = commits.slice(-1);
      const section = sectionOf([
        {
          key: "",
          name: "small",
          mode: "files",
          head: head?.id ?? "",
          targets: [],
          machine: "Here.",
          commits: results,
        },
      ]);
      expect(section).toContain("3 saves after which it compiles; 1 more did not compile by themselves");
    } finally {
      await replay.close();
    }
  });

  it("says when it cannot be built from there", async () => {
    project.write("repository/src/main.rs", "fn main() { nowhere(); }\n");
    commit("break");
    project.write("repository/src/main.rs", "fn main() {}\n");
    commit("mend");
    const stop = new AbortController().signal;
    const options = { history, targets: [], env: project.env, mode: "files", cargoEvery: 10, room: 1e12 } as const;
    const replay = await HistoryReplay.open({ ...options, home: project.path("home"), stop, onRow: () => undefined });
    try {
      const [last] = history.plain(1, false);
      await expect(replay.commit(last ?? expect.fail("no commit"))).rejects.toThrow(NotBuilt);
    } finally {
      await replay.close();
    }
  });
});
