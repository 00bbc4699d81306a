/** Programs around git. */
import { published } from "../../support/projects.js";
import { files, repositoryIn } from "../material.js";
import type { Project, Step } from "../project.js";

const DIFF = `diff --git a/src/main.rs b/src/main.rs
index 0123456..89abcde 100644
--- a/src/main.rs
+++ b/src/main.rs
@@ -1,7 +1,8 @@ use std::fmt;
 fn main() {
-    let answer: u32 = 6 * 7; /* inline */
+    let answer: u64 = 6 * 7; // outside
+    let more = "Ünïcödé";
     println!("{answer}");
-    old();
+    new(answer);
 }
 
 fn unchanged() {}
diff --git a/old name.txt b/new name.txt
similarity index 90%
rename from old name.txt
rename to new name.txt
`;

const inside = (...args: string[]): Step => ({ args, cwd: "repository" });

export const delta: Project = {
  name: "git-delta",
  version: "0.20.1",
  sources: () => published({ name: "git-delta", version: "0.20.1" }),
  selection: ["--bin", "delta"],
  program: "delta",
  work: {
    prepare: (play) => files(play, { "a.rs": "fn a() {\n    1\n}\n", "b.rs": "fn a() {\n    2 + 3\n}\n" }),
    steps: [
      { args: ["--paging=never"], stdin: DIFF },
      {
        args: ["--paging=never", "--side-by-side", "--line-numbers", "--width=100", "--true-color=always"],
        stdin: DIFF,
      },
      { args: ["--paging=never", "--diff-so-fancy", "--hyperlinks"], stdin: DIFF },
      { args: ["--paging=never", "--raw"], stdin: DIFF },
      { args: ["--paging=never", "a.rs", "b.rs"], fails: true },
      { args: ["--list-syntax-themes"] },
      { args: ["--list-languages"] },
      { args: ["--no-such-option"], fails: true },
      { args: ["--help"] },
    ],
  },
  edit: {
    file: "src/delta.rs",
    behind: "    I: BufRead,\n{\n    // Announce protocol support",
    print: (expression) => `\n    writeln!(writer, "{}", ${expression})?; //`,
    step: { args: ["--paging=never"], stdin: DIFF },
  },
};

/** Without a terminal: it draws nothing, but finds the repository and its settings, and says what is missing. */
export const gitui: Project = {
  name: "gitui",
  version: "0.28.1",
  sources: () => published({ name: "gitui", version: "0.28.1" }),
  selection: ["--bin", "gitui"],
  program: "gitui",
  // What the build script would ask git and the clock for.
  env: { BUILD_GIT_COMMIT_ID: "0123456789", SOURCE_DATE_EPOCH: "1700000000" },
  work: {
    prepare: repositoryIn,
    steps: [
      inside("--version"),
      inside("--help"),
      inside("--bugreport"),
      { ...inside(), fails: true },
      { ...inside("--logfile", "../log", "--watcher"), fails: true },
      { ...inside("--directory", "/nowhere/at/all"), fails: true },
      { ...inside("--no-such-option"), fails: true },
    ],
    changing: /^log$|^repository\/\.git\/index$/, // Indexes have times of files.
  },
  edit: {
    file: "src/args.rs",
    behind: "pub fn process_cmdline() -> Result<CliArgs> {",
    step: inside("--version"),
  },
};

export const starship: Project = {
  name: "starship",
  version: "1.27.0",
  sources: () => published({ name: "starship", version: "1.27.0" }),
  selection: ["--bin", "starship"],
  program: "starship",
  work: {
    prepare: async (play) => {
      await repositoryIn(play);
      await files(play, {
        "starship.toml":
          'format = "$directory$git_branch$git_commit$git_status$package$nodejs$character"\n[character]\nsuccess_symbol = "[>](bold green)"\n[nodejs]\ndisabled = false\n',
      });
    },
    steps: [
      inside("prompt", "--status=0", "--terminal-width=80"),
      inside("prompt", "--status=1", "--cmd-duration=12345", "--jobs=2"),
      inside("module", "git_status"),
      inside("module", "--list"),
      inside("print-config"),
      inside("preset", "nerd-font-symbols"),
      ...["bash", "fish", "zsh", "nu"].map((shell) => inside("init", shell, "--print-full-init")),
      inside("toggle", "nodejs"),
      { ...inside("preset", "nonsense"), fails: true },
      { args: ["--help"] },
    ],
    env: (play) => ({ STARSHIP_CONFIG: `${play}/starship.toml`, TERM: "xterm-256color", STARSHIP_NUM_THREADS: "2" }),
    changing: /^\.cache|^repository\/\.git\/index$/,
  },
  edit: {
    file: "src/print.rs",
    behind: "pub fn prompt(args: Properties, target: Target) {",
    step: inside("prompt"),
  },
};

/** Everything that jj takes from its surroundings, fixed. */
const jjStep = (n: number, ...args: string[]): Step => {
  const time = `2026-01-02T03:04:${String(10 + n)}+00:00`;
  const env = { JJ_TIMESTAMP: time, JJ_OP_TIMESTAMP: time, JJ_RANDOMNESS_SEED: String(n) };
  return { args, cwd: "repository", env };
};

export const jj: Project = {
  name: "jj-cli",
  version: "0.45.1",
  sources: () => published({ name: "jj-cli", version: "0.45.1" }),
  selection: ["--bin", "jj"],
  program: "jj",
  work: {
    prepare: async (play) => {
      await repositoryIn(play);
      await files(play, { "config.toml": '[ui]\ncolor = "always"\npaginate = "never"\n' });
    },
    steps: [
      jjStep(0, "git", "init", "--colocate"),
      jjStep(1, "status"),
      jjStep(2, "log", "-r", "all()"),
      jjStep(3, "describe", "-m", "described\n\nwith a body"),
      jjStep(4, "diff", "--git"),
      jjStep(5, "new", "-m", "another"),
      jjStep(6, "rebase", "-r", "@", "-d", "main-"),
      jjStep(7, "file", "annotate", "main.rs"),
      jjStep(8, "op", "log"),
      jjStep(9, "undo"),
      jjStep(10, "log", "-T", "builtin_log_detailed"),
      { ...jjStep(11, "log", "-r", "broken((revset"), fails: true },
      { ...jjStep(12, "no-such-command"), fails: true },
      jjStep(13, "help", "log"),
    ],
    env: (play) => ({
      JJ_CONFIG: `${play}/config.toml`,
      JJ_USER: "Test User",
      JJ_EMAIL: "test.user@example.com",
      JJ_OP_HOSTNAME: "host.example.com",
      JJ_OP_USERNAME: "test-user",
      JJ_TZ_OFFSET_MINS: "0",
    }),
    // Indexes with times of files.
    changing: /^repository\/\.(git\/index|jj\/working_copy|jj\/repo\/index)/,
  },
  edit: {
    file: "src/commands/status.rs",
    behind: "    let (workspace_command, snapshot_stats, _) = command.workspace_helper_with_stats(ui).await?;",
    step: { args: ["--at-op", "@", "status"], cwd: "repository" },
  },
};
