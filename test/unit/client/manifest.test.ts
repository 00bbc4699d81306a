/** The extension's manifest, against the sources: everything that it promises is there. */
import * as fs from "node:fs";
import * as path from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../support/repository.js";

const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8")) as Manifest;
const { contributes } = manifest;
const sources = read("client/src") + read("shared/src");
const commands = contributes.commands.map(({ command }) => command);
const properties = Object.assign({}, ...contributes.configuration.map((section) => section.properties)) as Properties;

type Properties = Record<
  string,
  { scope?: string; description?: string; markdownDescription?: string; default?: unknown }
>;

interface Manifest {
  readonly capabilities: { readonly untrustedWorkspaces: { readonly supported: boolean } };
  readonly icon: string;
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly keybindings: readonly { readonly command: string; readonly key: string; readonly when?: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command?: string; readonly submenu?: string }[]>>;
    readonly configuration: readonly { readonly title: string; readonly properties: Properties }[];
    readonly grammars: readonly { readonly path: string }[];
    readonly languages: readonly { readonly configuration: string }[];
    readonly walkthroughs: readonly { readonly steps: readonly WalkthroughStep[] }[];
  };
}

interface WalkthroughStep {
  readonly description: string;
  readonly media: { readonly markdown?: string; readonly svg?: string };
  readonly completionEvents: readonly string[];
}

/** The text of all TypeScript files below a folder. */
function read(folder: string): string {
  return fs
    .readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => fs.readFileSync(path.join(ROOT, folder, file), "utf8"))
    .join("\n");
}

test("every command is registered", () => {
  const inKinds = ["cranefly.showLlvmIr", "cranefly.showCraneliftIr", "cranefly.showMachineCode"];
  for (const command of commands.filter((name) => !inKinds.includes(name))) {
    expect(sources, command).toContain(`"${command}"`);
  }
  for (const command of inKinds) {
    expect(sources, command).toContain(`${command.replace("cranefly.", "")}:`);
  }
});

test("menus, keys and walkthroughs name commands that there are", () => {
  const used = [
    ...contributes.keybindings.map(({ command }) => command),
    ...Object.values(contributes.menus).flatMap((items) => items.map(({ command }) => command)),
    ...contributes.walkthroughs.flatMap(({ steps }) =>
      steps.flatMap(({ description }) =>
        [...description.matchAll(/\(command:(cranefly\.[\w.]+)/g)].map(([, name]) => name),
      ),
    ),
  ].filter((command) => command !== undefined);
  expect(used.filter((command) => !commands.includes(command))).toEqual([]);
});

test("no key is taken from anybody outside of Cranefly's projects", () => {
  for (const { key, when } of contributes.keybindings) {
    expect(when, key).toContain("cranefly.");
  }
});

test("files that it names are there", () => {
  const files = [
    manifest.icon,
    ...contributes.grammars.map((grammar) => grammar.path),
    ...contributes.languages.map((language) => language.configuration),
    ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.markdown ?? media.svg ?? "")),
  ];
  expect(files.filter((file) => !fs.existsSync(path.join(ROOT, file)))).toEqual([]);
});

test("nothing runs before the workspace is trusted, and a workspace cannot choose programs", () => {
  expect(manifest.capabilities.untrustedWorkspaces.supported).toBe(false);
  const paths = Object.keys(properties).filter((key) => /path$/i.test(key));
  expect(paths).toContain("cranefly.engine.path");
  for (const key of paths) {
    expect(properties[key]?.scope, key).toMatch(/^machine/);
  }
});

test("every setting has a description and a default, and those that are read exist", () => {
  for (const [key, property] of Object.entries(properties)) {
    expect(property.markdownDescription ?? property.description, key).toMatch(/\.$/);
    expect(property, key).toHaveProperty("default");
  }
  const keys = [...sources.matchAll(/\bsetting(?:<[^>(]*(?:<[^>]*>)?[^>(]*>)?\(\s*"([\w.]+)"/g)].map(([, key]) => key);
  expect(keys).toContain("run.stale");
  expect(keys.filter((key) => !Object.hasOwn(properties, `cranefly.${key ?? ""}`))).toEqual([]);
});

test("a setting's text refers to settings that there are", () => {
  const text = JSON.stringify(contributes.configuration);
  const referred = [...text.matchAll(/`#([\w.]+)#`/g)].map(([, key]) => key ?? "");
  expect(referred.filter((key) => key.startsWith("cranefly.") && !Object.hasOwn(properties, key))).toEqual([]);
});
