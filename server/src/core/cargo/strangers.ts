/** Whether there is something in a target directory that cargo has not made: a build script has left it outside its `OUT_DIR`. */
import { list, statOf } from "../support/files.js";
import * as path from "node:path";
import { type Metadata, localPackages } from "./cargo.js";

/** What cargo and Cranefly keep in a target directory, beside the folders of profiles and targets. */
const IN_ROOT = [".cranefly", ".rustc_info.json", "CACHEDIR.TAG", ".future-incompat-report.json", "tmp", "doc"];

/** What cargo keeps in a profile's folder. */
const IN_PROFILE = [".cargo-lock", ".fingerprint", "build", "deps", "examples", "incremental"];

/** In a profile's folder, or around it. */
export function hasStrangers(root: string, folder: string, metadata: Metadata): boolean {
  const own = outputNames(metadata);
  const isOutput = (name: string): boolean => own.has(name) || /-[0-9a-f]{16}(?:\.|$)/.test(name);
  const isProfile = (place: string): boolean => statOf(path.join(place, ".fingerprint"))?.isDirectory() === true;
  const isProfiles = (place: string): boolean => {
    const names = list(place);
    return names.length > 0 && names.every((name) => name === "CACHEDIR.TAG" || isProfile(path.join(place, name)));
  };
  const profile = path.join(root, folder);
  return (
    list(root).some((name) => {
      const place = path.join(root, name);
      return !IN_ROOT.includes(name) && !isProfile(place) && !isProfiles(place);
    }) ||
    list(profile).some((name) => !IN_PROFILE.includes(name) && !isOutput(name)) ||
    ["deps", "examples", "build"].some((part) => list(path.join(profile, part)).some((name) => !isOutput(name)))
  );
}

/** The names under which cargo puts what it made of the workspace's targets where the user looks for it. */
function outputNames(metadata: Metadata): ReadonlySet<string> {
  const targets = localPackages(metadata).flatMap((item) => item.targets);
  const names = targets.flatMap(({ name }) => {
    const crate = name.replaceAll("-", "_");
    const library = `lib${crate}`;
    return [name, crate, library].flatMap((base) => ENDS.map((end) => base + end));
  });
  return new Set(names);
}

const ENDS = ["", ".d", ".dwp", ".rlib", ".rmeta", ".so", ".a"];
