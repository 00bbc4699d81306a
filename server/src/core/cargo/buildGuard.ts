/**
 * Ends cargo's build as soon as it is known that Cranefly cannot do what it asks for, so that nobody waits for one build before
 * the other: a build script's arguments for the linker are known long before the program is compiled that they are for. What
 * stands in a unit's command line the shim sees, which then ends the build itself.
 */
import { outputOf } from "./buildScripts.js";
import { type BuildScript, type Metadata, parseLinkArguments } from "./cargo.js";
import { selectedPackages, usedDynamicLibrary } from "./dynamicLibraries.js";
import { Cancelled, Unsupported } from "../support/errors.js";
import { readText } from "../support/files.js";
import type { Layout } from "../support/layout.js";
import { readProgramOptions } from "../units/rustcOptions.js";
import type { CargoSelection } from "./selection.js";
import { readEvents, dynamicLibraryReason } from "./shims.js";

export class BuildGuard {
  private readonly ending = new AbortController();
  private reason: string | undefined;
  /** Packages with programs that are built. */
  private readonly linked: ReadonlySet<string>;

  /** Throws `Unsupported` for what cargo's metadata tell. */
  constructor(
    metadata: Metadata,
    selection: CargoSelection,
    private readonly host: string,
  ) {
    const dynamic = usedDynamicLibrary(metadata, selection);
    if (dynamic !== undefined) throw new Unsupported(dynamicLibraryReason(dynamic));
    const hasPrograms = ({ targets }: Metadata["packages"][number]): boolean =>
      selection.command === "test" || targets.some(({ kind }) => kind.includes("bin"));
    this.linked = new Set(
      selectedPackages(metadata, selection)
        .filter(hasPrograms)
        .map(({ id }) => id),
    );
  }

  /** Runs the build. Throws `Unsupported` when it was ended, or had to be. */
  async watch<T>(
    layout: Layout,
    signal: AbortSignal | undefined,
    build: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    let result: T | undefined;
    try {
      result = await build(signal === undefined ? this.ending.signal : AbortSignal.any([signal, this.ending.signal]));
    } catch (error) {
      if (!(error instanceof Cancelled) || signal?.aborted === true) throw error;
    }
    const refused = readEvents(layout).find((event) => event.kind === "refused");
    const reason = this.reason ?? refused?.reason;
    if (reason !== undefined || result === undefined) throw new Unsupported(reason ?? "the build was ended");
    return result;
  }

  /** A build script has run, or cargo has found that it need not run again. */
  onScript(script: BuildScript): void {
    if (!this.linked.has(script.package_id)) return;
    const args = parseLinkArguments(outputOf(script)).flatMap((arg) => ["-C", `link-arg=${arg}`]);
    const options = { host: this.host, origin: "user", isProgram: true, readFile: readText } as const;
    const { refused } = readProgramOptions(args, options);
    if (refused === undefined) return;
    this.reason ??= `${refused} of a build script is not supported`;
    this.ending.abort();
  }
}
