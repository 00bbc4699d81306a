/**
 * Working copies of cargo projects in the cache folder: fixtures of this repository and published packages. A copy keeps
 * its `target` folder between runs, and a file is only written when its text differs, so cargo sees no false changes.
 */
import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { cache, fixtures } from "./repository.js";
import { mustRun } from "./process.js";

/** Brings the copy of `test/fixtures/<name>` up to date and returns its folder. */
export async function fixture(name: string, copy = name): Promise<string> {
  const to = path.join(cache, "fixtures", copy);
  await sync(path.join(fixtures, name), to);
  return to;
}

/** Makes `to` equal to `from`, `target` folders aside. */
export async function sync(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const wanted = (await readdir(from, { withFileTypes: true })).filter((entry) => entry.name !== "target");
  const names = new Set(wanted.map((entry) => entry.name));
  for (const present of await readdir(to)) {
    if (!names.has(present) && present !== "target") await rm(path.join(to, present), { recursive: true });
  }
  for (const entry of wanted) {
    const [source, destination] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) await sync(source, destination);
    else {
      const text = await readFile(source);
      const old = await readFile(destination).catch(() => undefined);
      if (old === undefined || !old.equals(text)) await writeFile(destination, text);
    }
  }
}

/** A published package, or its pieces. */
export interface Package {
  readonly name: string;
  readonly version: string;
}

/** The packages of ripgrep's repository that ripgrep 15.2.0 depends on, at the versions of its lock file. */
export const RIPGREP_MEMBERS: readonly Package[] = [
  { name: "globset", version: "0.4.19" },
  { name: "grep", version: "0.4.1" },
  { name: "grep-cli", version: "0.1.12" },
  { name: "grep-matcher", version: "0.1.9" },
  { name: "grep-printer", version: "0.3.1" },
  { name: "grep-regex", version: "0.1.14" },
  { name: "grep-searcher", version: "0.1.17" },
  { name: "ignore", version: "0.4.29" },
];

/**
 * The sources of a published package as its authors uploaded them, alone in a folder of their own: downloaded by cargo
 * (`cargo vendor` of a project that depends on it would rewrite nothing but leave out the lock file, so the archive in
 * cargo's own cache is unpacked instead).
 */
export async function published({ name, version }: Package): Promise<string> {
  const label = `${name}-${version}`;
  const to = path.join(cache, "packages", label);
  if (await exists(path.join(to, "Cargo.toml"))) return to;
  const work = path.join(cache, "packages", `.${label}`);
  await rm(work, { recursive: true, force: true });
  await mkdir(path.join(work, "src"), { recursive: true });
  // `cargo info` downloads and unpacks a package into cargo's home, with its lock file if it was published with one.
  await mustRun("cargo", ["info", "--quiet", "--color=never", `${name}@${version}`], { cwd: work });
  const source = await inRegistry(label);
  await cp(source, path.join(work, label), { recursive: true });
  // (With the toolchain that its authors work with it would be another test, and that may not be here.)
  for (const name of [".cargo-ok", "rust-toolchain", "rust-toolchain.toml"])
    await rm(path.join(work, label, name), { force: true });
  // An empty workspace table: the package must not look for a workspace in the folders above it.
  const manifest = path.join(work, label, "Cargo.toml");
  const text = await readFile(manifest, "utf8");
  if (!/^\[workspace\]/m.test(text)) await writeFile(manifest, `${text}\n[workspace]\n`);
  await rm(to, { recursive: true, force: true });
  await rename(path.join(work, label), to);
  await rm(work, { recursive: true });
  return to;
}

/** Folder of an unpacked package in cargo's home. */
async function inRegistry(label: string): Promise<string> {
  const home = process.env["CARGO_HOME"] ?? path.join(process.env["HOME"] ?? "/", ".cargo");
  const registries = path.join(home, "registry/src");
  for (const registry of await readdir(registries)) {
    const source = path.join(registries, registry, label);
    if (await exists(path.join(source, "Cargo.toml"))) return source;
  }
  throw new Error(`cargo info did not unpack ${label} below ${registries}`);
}

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/**
 * A published package whose sibling packages, published apart, are made members of one workspace with it, as they are in
 * their authors' repository. Sources stay as published; only the workspace's tables are added to the manifest.
 */
export async function publishedWorkspace(root: Package, members: readonly Package[]): Promise<string> {
  const to = path.join(cache, "packages", `${root.name}-${root.version}-workspace`);
  if (await exists(path.join(to, "Cargo.toml"))) return to;
  const work = path.join(cache, "packages", `.${root.name}-workspace`);
  await rm(work, { recursive: true, force: true });
  await sync(await published(root), work);
  for (const member of members) {
    const folder = path.join(work, "members", member.name);
    await sync(await published(member), folder);
    await dropWorkspaceTable(path.join(folder, "Cargo.toml"));
    await rm(path.join(folder, "Cargo.lock"), { force: true });
  }
  const manifest = path.join(work, "Cargo.toml");
  await dropWorkspaceTable(manifest);
  const patches = members.map(({ name }) => `${name} = { path = "members/${name}" }\n`).join("");
  const text = await readFile(manifest, "utf8");
  await writeFile(manifest, `${text}\n[workspace]\nmembers = ["members/*"]\n\n[patch.crates-io]\n${patches}`);
  await rm(to, { recursive: true, force: true });
  await rename(work, to);
  return to;
}

/** Takes back the empty table that `published` appends. */
async function dropWorkspaceTable(manifest: string): Promise<void> {
  const text = await readFile(manifest, "utf8");
  await writeFile(manifest, text.replace(/\n\[workspace\]\n$/, ""));
}
