/**
 * What cargo itself runs or loads of the workspace: build scripts, procedural macros, libraries of theirs. When their sources
 * change, cargo has to run. The shim notes each as it is compiled, since cargo may be ended before it has built the rest,
 * and does not compile again what is fresh.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { type DepInfo, parseDepInfo } from "../units/depInfo.js";
import { readText, writeAtomic } from "../support/files.js";
import type { Layout } from "../support/layout.js";

/** Its dep-info file, and the folder that the paths in it refer to. */
export interface HostUnit {
  readonly depInfo: string;
  readonly cwd: string;
}

/** Notes a unit. One write of a line to a file opened for appending: the shims of a parallel build do not mix. */
export function noteHost(layout: Layout, host: HostUnit): void {
  fs.appendFileSync(layout.hosts, line(host));
}

/** All units whose outputs are there, those of earlier captures included. */
export function hostUnits(layout: Layout): HostUnit[] {
  return notedHosts(layout).filter(({ depInfo }) => fs.existsSync(depInfo));
}

/** Whether a unit was noted in another target directory: it was moved here with all that is in it. */
export function hasStrayHosts(layout: Layout): boolean {
  return notedHosts(layout).some((host) => isStray(layout, host));
}

export function forgetStrayHosts(layout: Layout): void {
  const left = notedHosts(layout).filter((host) => !isStray(layout, host));
  writeAtomic(layout.hosts, left.map(line).join(""));
}

function isStray(layout: Layout, { depInfo }: HostUnit): boolean {
  return !depInfo.startsWith(layout.root + path.sep);
}

/** The files that a unit was made of. */
export function hostSources(host: HostUnit): string[] {
  return hostDepInfo(host).files.map((file) => path.resolve(host.cwd, file));
}

/** What rustc said that it had read for a unit. */
export function hostDepInfo(host: HostUnit): DepInfo {
  return parseDepInfo(readText(host.depInfo) ?? "");
}

function line({ depInfo, cwd }: HostUnit): string {
  return `${depInfo}\t${cwd}\n`;
}

/** Each unit as it was noted last. */
function notedHosts(layout: Layout): HostUnit[] {
  const noted = (readText(layout.hosts) ?? "").split("\n").flatMap((text): [string, HostUnit][] => {
    const [depInfo = "", cwd] = text.split("\t");
    return cwd === undefined ? [] : [[depInfo, { depInfo, cwd }]];
  });
  return [...new Map(noted).values()];
}
