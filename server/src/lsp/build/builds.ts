/** The builds of one project, each there as soon as somebody asks for it. */
import { type BuildKind, ownBuild } from "../protocol/api.js";
import type { Build } from "./build.js";

export class Builds implements Iterable<Build> {
  private readonly all = new Map<BuildKind, Build>();

  /** `isEager`: whether it is built after every change. */
  constructor(private readonly create: (kind: BuildKind, isEager: boolean) => Build) {}

  [Symbol.iterator](): Iterator<Build> {
    return this.all.values();
  }

  /** What counts most comes first. */
  get kinds(): readonly BuildKind[] {
    const own = [...this.all.keys()].filter((kind) => ownBuild(kind) !== undefined);
    // Of the packages' own builds the one that was asked for last is the last in the list.
    return ["build", ...own.reverse(), "members", "test", "examples"];
  }

  get(kind: BuildKind): Build | undefined {
    return this.all.get(kind);
  }

  /** What `cargo build` builds is built after every change, all else for those who ask. */
  of(kind: BuildKind): Build {
    const build = this.all.get(kind) ?? this.create(kind, kind === "build");
    this.all.set(kind, build);
    return build;
  }

  /**
   * Somebody asks for a build. If it is the own one of a package's programs, they are run, and it is built after every change from now
   * on, instead of the one that was asked for before; gives the latter.
   */
  asked(kind: BuildKind): BuildKind | undefined {
    const common = ownBuild(kind)?.common;
    if (common === undefined) return undefined;
    const build = this.of(kind);
    this.all.delete(kind);
    this.all.set(kind, build);
    if (common === "test") return undefined;
    const others = [...this.all].filter(([other]) => other !== kind && ownBuild(other) !== undefined);
    const retired = others.find(([, other]) => other.isEager)?.[0];
    for (const [, other] of others) other.isEager = false;
    build.isEager = true;
    return retired;
  }

  /** Ends what is under way, waits for its end, and forgets all. */
  async close(): Promise<void> {
    const closed = [...this.all.values()].map((build) => build.close());
    await Promise.all(closed);
    this.all.clear();
  }
}
