/**
 * Where Cranefly keeps what.
 *
 * `<user's target directory>/cranefly` is cargo's target directory while Cranefly captures; everything that is not
 * cargo's lies in its `.cranefly` folder.
 */
import * as os from "node:os";
import * as path from "node:path";
import { realPath } from "./files.js";

export class Layout {
  /**
   * Absolute path of `target/cranefly`, without links: rustc and the linker take links out of the paths that they tell, and what
   * they tell has to be recognised.
   */
  readonly root: string;

  /** `root`: absolute path of `target/cranefly`, which need not be there yet. */
  constructor(root: string) {
    this.root = withoutLinks(root);
  }

  get private(): string {
    return path.join(this.root, ".cranefly");
  }
  /** The scripts that cargo calls in rustc's, rustdoc's and the program's place. */
  get shims(): string {
    return path.join(this.private, "shims");
  }
  /** What the shims need to know. */
  get context(): string {
    return path.join(this.shims, "context.json");
  }
  /** What the shims saw in the capture that runs now, one JSON object a line. */
  get events(): string {
    return path.join(this.shims, "events.jsonl");
  }
  /** The environment that a shim's shell was started in, as the kernel holds it, by process number. */
  environment(process: string): string {
    return path.join(this.shims, `environment.${process}`);
  }
  /** What cargo itself runs or loads, one line each. */
  get hosts(): string {
    return path.join(this.private, "hosts.tsv");
  }
  get units(): string {
    return path.join(this.private, "units");
  }
  unit(key: string): string {
    return path.join(this.units, key);
  }
  unitRecord(key: string): string {
    return path.join(this.unit(key), "unit.json");
  }
  /** A library's metadata that its users were not compiled against. */
  newerMetadata(key: string): string {
    return path.join(this.unit(key), "newer.rmeta");
  }
  /** The texts that a library was compiled of, by their digests. */
  texts(key: string): string {
    return path.join(this.unit(key), "texts");
  }
  /** The files that cargo expects of a unit; known before it was ever compiled. */
  outputs(key: string): string {
    return path.join(this.unit(key), "outputs.json");
  }
  /** Which unit makes a file, by the file's path. */
  get announcements(): string {
    return path.join(this.private, "announced");
  }
  /** The programs of a selection that must not take the places of another one's. */
  own(name: string): string {
    return path.join(this.private, "own", name);
  }
  get incremental(): string {
    return path.join(this.private, "incremental");
  }
  /** A unit's overlay, and what rustc makes of it. */
  bodyLane(key: string): string {
    return path.join(this.private, "body", key);
  }
  /** Texts that the crate lane compiled, by digest. */
  get sharedTexts(): string {
    return path.join(this.private, "texts");
  }
  /** What the programs have that the crate lane has yet to compile. */
  get unfollowed(): string {
    return path.join(this.private, "unfollowed.json");
  }
  /** A file for each process that lets the crate lane follow when no other stays: but for moments there is one. */
  get followers(): string {
    return path.join(this.private, "followers");
  }
  /** By selection: there is something for such a process to do. */
  due(key: string): string {
    return path.join(this.private, "due", key);
  }
  /** What it could not do. */
  get followerLog(): string {
    return path.join(this.private, "follower.log");
  }
  /** Functions in which the lanes differed, found by that process. */
  get divergence(): string {
    return path.join(this.private, "divergence");
  }
  /** Who published each program last. */
  get publishers(): string {
    return path.join(this.private, "publishers.json");
  }
  /** Programs as they were published last, by their paths below `root`. */
  get programs(): string {
    return path.join(this.private, "programs");
  }
  /** What was in the places of programs while tests run, and whose tests, by the programs' paths below `root`. */
  get beside(): string {
    return path.join(this.private, "beside");
  }
  /** Crates from outside the workspace that are compiled to bitcode. */
  get adopted(): string {
    return path.join(this.private, "adopted.json");
  }
  get bases(): string {
    return path.join(this.private, "base");
  }
  /** On which base images programs were published. */
  get publishedBases(): string {
    return path.join(this.private, "published.json");
  }
  get selections(): string {
    return path.join(this.private, "selections");
  }
  /** The state of one selection: a command with its package, target and feature options. */
  selection(key: string): string {
    return path.join(this.selections, `${key}.json`);
  }
  get lock(): string {
    return path.join(this.private, "lock");
  }
}

/** Where cargo would leave a program below its target directory, "debug/rg", whatever folder its selection has: see `Layout.own`. */
export function withinTarget(program: string): string {
  return program.replace(/^\.cranefly\/own\/[^/]+\//, "");
}

/** The per-user cache for programs that belong to no package. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const xdg = env["XDG_CACHE_HOME"];
  const isSet = xdg !== undefined && path.isAbsolute(xdg);
  return path.join(isSet ? xdg : path.join(env["HOME"] ?? os.homedir(), ".cache"), "cranefly");
}

/** A path without links, as far as there is something. */
function withoutLinks(file: string): string {
  const real = realPath(file);
  const parent = path.dirname(file);
  return real !== file || parent === file ? real : path.join(withoutLinks(parent), path.basename(file));
}
