/** Changes of what cargo builds from, each with the fact of the program that it decides. */
import * as fs from "node:fs";
import type { Project } from "../project.js";
import { relink } from "./project.js";

export interface Case {
  readonly name: string;
  /** The name of the fact. */
  readonly fact: string;
  /** Makes the change, another one for each `n`, odd and even in turn; gives the fact's value afterwards. */
  readonly change: (project: Project, n: number) => string;
  /** cargo goes by modification times alone and would not see it: what makes it see. */
  readonly show?: (project: Project) => void;
}

/** Writes a text in which `VALUE` is the value. */
const text =
  (file: string, template = "VALUE", value: (n: number) => string = String): Case["change"] =>
  (project, n) => {
    project.write(file, template.replace("VALUE", value(n)));
    return value(n);
  };

/** Replaces what stands in a file by the value. */
const edited =
  (file: string, place: RegExp, template: string, value: (n: number) => string = String): Case["change"] =>
  (project, n) => {
    const before = project.read(file);
    if (!place.test(before)) throw new Error(`${file} has no ${String(place)}`);
    project.write(file, before.replace(place, template.replace("VALUE", value(n))));
    return value(n);
  };

const onOff = (n: number): string => (n % 2 === 1 ? "on" : "off");
const constant = 'pub const VALUE: &str = "VALUE2";\n';
const rust =
  (file: string): Case["change"] =>
  (project, n) => {
    project.write(file, constant.replace("VALUE2", String(n)));
    return String(n);
  };
const touch =
  (file: string) =>
  (project: Project): void => {
    const now = new Date();
    fs.utimesSync(project.path(file), now, now);
  };

/** What is in `assets`, as the build script tells it. */
function assets(project: Project): string {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const name of fs.readdirSync(folder).sort()) {
      const full = `${folder}/${name}`;
      found.push(name);
      if (fs.statSync(full).isDirectory()) visit(full);
      else found.push(fs.readFileSync(full, "utf8").trim());
    }
  };
  visit(project.path("ws/app/assets"));
  return found.join(",");
}

const asset =
  (file: string): Case["change"] =>
  (project, n) => {
    project.write(file, String(n));
    return assets(project);
  };

const MAIN = "ws/app/src/main.rs";
const IN_CONFIG = /IN_CONFIG = "([^"]*)"/;
const SOURCE = /(facts.push\(format!\("source=\{\}", )"[^"]*"/;

/** An edit of a function's body. */
export const EDIT: Case = { name: "a source", fact: "source", change: edited(MAIN, SOURCE, '$1"VALUE"') };

/** The same edit, which leaves the file as long as it was, and always with the same time. */
const asLongAndOfOneTime: Case["change"] = (project, n) => {
  const value = edited(MAIN, SOURCE, '$1"VALUE"', (m) => String(m).padStart(4, "0"))(project, n);
  fs.utimesSync(project.path(MAIN), 1_600_000_000, 1_600_000_000);
  return value;
};

export const CASES: readonly Case[] = [
  EDIT,
  {
    name: "a source that is older than before, and as long",
    fact: "source",
    change: asLongAndOfOneTime,
    show: touch(MAIN),
  },
  {
    name: "a source as long and as old as before",
    fact: "source",
    change: asLongAndOfOneTime,
    show: touch(MAIN),
  },
  {
    name: "a source that another takes the place of",
    fact: "source",
    change: (project, n) => {
      const before = project.read(MAIN);
      project.write("aside.rs", before.replace(SOURCE, `$1"${n}"`));
      fs.renameSync(project.path("aside.rs"), project.path(MAIN));
      return String(n);
    },
  },
  { name: "a text outside of the packages", fact: "text", change: text("elsewhere/text.txt") },
  { name: "a source behind a link", fact: "linkedFile", change: rust("elsewhere/linked_file.rs") },
  {
    name: "where a source's link leads",
    fact: "retargeted",
    change: (project, n) => {
      const value = rust(`elsewhere/retargeted${n % 2}.rs`)(project, n);
      relink(project, "ws/app/src/retargeted.rs", `../../../elsewhere/retargeted${n % 2}.rs`);
      return value;
    },
  },
  { name: "a source in a folder behind a link", fact: "linkedFolder", change: rust("elsewhere/modules/module.rs") },
  { name: "what a build script makes a source of", fact: "generated", change: text("ws/app/generated.txt") },
  { name: "what a build script makes a cfg of", fact: "cfg", change: text("ws/app/cfg.txt", "VALUE", onOff) },
  { name: "what a build script hands on to another", fact: "metadata", change: text("ws/crates/nat/word.txt") },
  { name: "a file in a folder of a build script's", fact: "assets", change: asset("ws/app/assets/plain.txt") },
  { name: "one behind a link in it", fact: "assets", change: asset("elsewhere/asset.txt") },
  { name: "one in a folder behind a link in it", fact: "assets", change: asset("elsewhere/inner/deep.txt") },
  { name: "one below a folder that is named target", fact: "assets", change: asset("ws/app/assets/target/hidden.txt") },
  {
    name: "one below a folder that is named node_modules",
    fact: "assets",
    change: asset("ws/app/assets/node_modules/hidden.txt"),
  },
  {
    name: "where a link in it leads",
    fact: "assets",
    change: (project, n) => {
      relink(project, "ws/app/assets/current", `../../../elsewhere/current${n % 2}.txt`);
      return asset(`elsewhere/current${n % 2}.txt`)(project, n);
    },
  },
  {
    name: "an empty folder in it",
    fact: "assets",
    change: (project, n) => {
      fs.mkdirSync(project.path(`ws/app/assets/empty${n}`));
      return assets(project);
    },
  },
  {
    name: "the name of a file in it",
    fact: "assets",
    change: (project, n) => {
      const [old] = fs.readdirSync(project.path("ws/app/assets")).filter((name) => name.startsWith("plain"));
      fs.renameSync(project.path(`ws/app/assets/${old ?? ""}`), project.path(`ws/app/assets/plain${n}.txt`));
      project.write("ws/app/assets/plain.txt", String(n));
      return assets(project);
    },
  },
  { name: "what a build script reads that always runs", fact: "always", change: text("elsewhere/untracked.txt") },
  {
    name: "a file of a package whose build script names none",
    fact: "plain",
    change: (project, n) => {
      project.write("ws/crates/plain/data/a.txt", String(n));
      return plain(project);
    },
  },
  {
    name: "one below a folder of its that is named target",
    fact: "plain",
    change: (project, n) => {
      project.write("ws/crates/plain/src/target/b.txt", String(n));
      return plain(project);
    },
  },
  {
    name: "which source is the build script",
    fact: "plain",
    change: (project, n) => {
      const manifest = project.read("ws/crates/plain/Cargo.toml").replace(/build = .*\n/, "");
      const line = n % 2 === 1 ? 'build = "other.rs"\n' : "";
      project.write("ws/crates/plain/Cargo.toml", manifest + line);
      return plain(project);
    },
  },
  { name: "a library of a build script's", fact: "scriptLibrary", change: rust("ws/crates/util/src/lib.rs") },
  {
    name: "a procedural macro",
    fact: "macroSource",
    change: edited("ws/crates/mac/src/lib.rs", /"[0-9]+"/, '"VALUE"'),
  },
  { name: "what a dependency's build script reads", fact: "registryFile", change: text("elsewhere/registry.txt") },
  {
    name: "the lock file",
    fact: "version",
    change: (project, n) => {
      const lock = project.read("ws/Cargo.lock");
      const version = n % 2 === 1 ? "1.0.0" : "1.1.0";
      project.write("ws/Cargo.lock", lock.replace(/(name = "two"\nversion = )"[^"]*"/, `$1"${version}"`));
      return version;
    },
  },
  {
    name: "a patch",
    fact: "patched",
    change: (project, n) => {
      const manifest = project.read("ws/Cargo.toml").replace(/\[patch[^]*$/, "");
      const patch = '[patch.crates-io]\nthree = { path = "../elsewhere/three" }\n';
      project.write("ws/Cargo.toml", n % 2 === 1 ? manifest + patch : manifest);
      return n % 2 === 1 ? project.read("elsewhere/three/src/lib.rs").replace(/[^"]*"([^"]*)"[^]*/, "$1") : "1.0.0";
    },
  },
  {
    name: "a source of a patch",
    fact: "patched",
    change: (project, n) => {
      project.write("elsewhere/three/src/lib.rs", `pub const VERSION: &str = "${n}";\n`);
      return project.read("ws/Cargo.toml").includes("[patch") ? String(n) : "1.0.0";
    },
  },
  {
    name: "the manifest of the workspace that a package is in",
    fact: "description",
    change: edited("ws/Cargo.toml", /description = "[^"]*"/, 'description = "VALUE"'),
  },
  {
    name: "the manifest of another workspace that a package inherits from",
    fact: "other",
    change: edited("other/Cargo.toml", /version = "[^"]*"/, 'version = "VALUE"', (n) => `1.0.${n}`),
  },
  {
    name: "a feature",
    fact: "feature",
    change: (project, n) => {
      const features = n % 2 === 1 ? '["extra"]' : "[]";
      project.write(
        "ws/app/Cargo.toml",
        project.read("ws/app/Cargo.toml").replace(/default = .*/, `default = ${features}`),
      );
      return onOff(n);
    },
  },
  {
    name: "the profile",
    fact: "assertions",
    change: (project, n) => {
      const profile = `debug-assertions = ${String(n % 2 === 1)}`;
      project.write("ws/Cargo.toml", project.read("ws/Cargo.toml").replace(/debug-assertions = .*/, profile));
      return onOff(n);
    },
  },
  {
    name: "the configuration",
    fact: "config",
    change: edited("ws/.cargo/config.toml", IN_CONFIG, 'IN_CONFIG = "VALUE"'),
  },
  {
    name: "configuration that another includes",
    fact: "included",
    change: edited("ws/.cargo/included.toml", /IN_INCLUDED = "[^"]*"/, 'IN_INCLUDED = "VALUE"'),
  },
  {
    name: "configuration that this includes",
    fact: "nested",
    change: text("ws/.cargo/nested.toml", '[env]\nIN_NESTED = "VALUE"\n'),
  },
  {
    name: "configuration that may be included, there or not",
    fact: "optional",
    change: (project, n) => {
      if (n % 2 === 1) return text("ws/.cargo/optional.toml", '[env]\nIN_OPTIONAL = "VALUE"\n')(project, n);
      fs.rmSync(project.path("ws/.cargo/optional.toml"), { force: true });
      return "none";
    },
  },
  {
    name: "configuration around the workspace, there or not",
    fact: "parent",
    change: (project, n) => {
      if (n % 2 === 1) return text(".cargo/config.toml", '[env]\nIN_PARENT = "VALUE"\n')(project, n);
      fs.rmSync(project.path(".cargo"), { recursive: true, force: true });
      return "none";
    },
  },
  {
    name: "configuration that an option names",
    fact: "extra",
    change: text("ws/extra.toml", '[env]\nIN_EXTRA = "VALUE"\n'),
  },
  {
    name: "flags in the configuration",
    fact: "flagged",
    change: (project, n) => {
      const config = project.read("ws/.cargo/config.toml").replace(/\[build\][^]*$/, "");
      project.write(
        "ws/.cargo/config.toml",
        `${config}[build]\nrustflags = [${n % 2 === 1 ? '"--cfg=flagged"' : ""}]\n`,
      );
      return onOff(n);
    },
  },
  {
    name: "configuration by its older name, beside the other",
    fact: "config",
    change: (project, n) => {
      const [older, newer] = ["ws/.cargo/config", "ws/.cargo/config.toml"];
      if (n % 2 === 1) project.write(older, project.read(newer).replace(IN_CONFIG, `IN_CONFIG = "${n}"`));
      else fs.rmSync(project.path(older), { force: true });
      return IN_CONFIG.exec(project.read(n % 2 === 1 ? older : newer))?.[1] ?? "";
    },
  },
];

function plain(project: Project): string {
  if (project.read("ws/crates/plain/Cargo.toml").includes("other.rs")) return "other";
  const [a, b] = ["data/a.txt", "src/target/b.txt"].map((file) => project.read(`ws/crates/plain/${file}`));
  return `${a ?? ""}/${b ?? ""}`;
}

/** What a dependency's build script reads that always runs. From then on cargo looks at each change. */
export const LAST: readonly Case[] = [
  {
    name: "a dependency whose build script always runs",
    fact: "registryAlways",
    change: (project) => {
      const manifest = project.read("ws/app/Cargo.toml");
      const always = 'reg = { version = "1", features = ["always"] }';
      project.write("ws/app/Cargo.toml", manifest.replace('reg = "1"', always));
      return project.read("elsewhere/registryUntracked.txt");
    },
  },
  { name: "what it reads", fact: "registryAlways", change: text("elsewhere/registryUntracked.txt") },
];
