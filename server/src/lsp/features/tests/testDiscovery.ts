/**
 * The tests of a project: builds its harnesses, asks each for its tests, finds their places. Each program is asked once a
 * generation, a few at a time; who waits can give up, and the answer is kept for the next.
 *
 * Listing tests runs the user's programs, so nothing is listed unless it was asked for.
 */
import PQueue from "p-queue";
import { URI } from "vscode-uri";
import type { TestCase, TestHarness, TestsResult } from "../../../../../shared/src/lsp.js";
import { messageOf } from "../../../core/support/errors.js";
import type { Built, Log, Project } from "../../protocol/api.js";
import { abortable } from "../../protocol/cancellation.js";
import { type Harness, harnessCommand, harnessesOf } from "./harness.js";
import { LIST_ARGUMENTS, listTests } from "./listing.js";
import { TestLocations } from "./testLocations.js";

/** How many programs are asked at once. */
const PARALLEL = 2;

/** Why the tests are not known. */
export class NoTests extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NoTests";
  }
}

interface Listed {
  readonly generation: number;
  readonly harness: Promise<TestHarness>;
  /** It could not be listed: it is asked again next time. */
  failed: boolean;
}

export class ProjectTests {
  private listed = new Map<string, Listed>();
  private result: TestsResult | undefined;
  private asking = 0;
  private readonly ended = new AbortController();

  constructor(
    private readonly project: Project,
    private readonly queue: PQueue,
    private readonly log: Log,
  ) {}

  /** What was found last; undefined before anybody asked. */
  get known(): TestsResult | undefined {
    return this.result;
  }

  /** Whether somebody waits for an answer. */
  get isAsking(): boolean {
    return this.asking > 0;
  }

  /** Whether a build has other harnesses than those that were asked. */
  isBehind(built: Built | undefined): boolean {
    if (this.result === undefined || built === undefined) return false;
    if (built.stale !== undefined) return true;
    const { starts } = built.state;
    return (
      starts.length !== this.listed.size ||
      starts.some(({ program }) => this.listed.get(program)?.generation !== generationOf(built, program))
    );
  }

  /** The tests of what is saved now, or of the last good build. Throws `NoTests` and `Cancelled`. */
  async find(signal: AbortSignal | undefined): Promise<TestsResult> {
    this.asking++;
    try {
      let outcome = await this.project.ensureTests(signal);
      // A build that was under way may have begun before the last save; looking once more costs milliseconds.
      if (!("failure" in outcome)) outcome = await this.project.ensureTests(signal);
      const { built } = outcome;
      if (built === undefined) throw new NoTests("failure" in outcome ? outcome.failure.reason : "nothing was built");
      const harnesses = await abortable(this.list(built, signal), signal);
      // Without a failure it is what was saved when we were asked; news of a change that it has already may come later.
      const stale = "failure" in outcome ? outcome.failure.reason : undefined;
      this.result = { harnesses, generation: built.report.generation, stale };
      return this.result;
    } finally {
      this.asking--;
    }
  }

  dispose(): void {
    this.ended.abort();
  }

  private async list(built: Built, signal: AbortSignal | undefined): Promise<TestHarness[]> {
    const metadata = this.project.file === undefined ? await this.project.metadata(signal) : undefined;
    const harnesses = harnessesOf(built.layout, built.state, metadata);
    const now = new Map<string, Listed>();
    for (const harness of harnesses) {
      const name = harness.program.name;
      const generation = generationOf(built, name);
      const before = this.listed.get(name);
      const isCurrent = before?.generation === generation && !before.failed;
      now.set(name, isCurrent ? before : this.start(built, harness, generation));
    }
    this.listed = now;
    return Promise.all([...now.values()].map((item) => item.harness));
  }

  private start(built: Built, harness: Harness, generation: number): Listed {
    const listed: Listed = { generation, harness: this.ask(built, harness), failed: false };
    void listed.harness.then(
      ({ problem }) => (listed.failed = problem !== undefined),
      () => (listed.failed = true),
    );
    return listed;
  }

  private async ask(built: Built, harness: Harness): Promise<TestHarness> {
    const { shown } = harness;
    if (!shown.harness) return { ...shown, tests: [], problem: undefined };
    const command = harnessCommand(built.state, harness, LIST_ARGUMENTS, this.project.env);
    const listing = await this.queue.add(() => listTests(command, this.ended.signal));
    if ("problem" in listing) {
      this.log.warn(`${shown.label} of ${shown.package}: ${listing.problem}`);
      return { ...shown, tests: [], problem: listing.problem };
    }
    const places = listing.tests.length === 0 ? undefined : await this.places(built, harness);
    const tests = listing.tests.map(({ name, kind }): TestCase => {
      const place = places?.of(name);
      return { name, kind, uri: place && URI.file(place.file).toString(), line: place?.line };
    });
    return { ...shown, tests, problem: undefined };
  }

  /** undefined when the engine does not tell: the tests are shown without places. */
  private async places(built: Built, harness: Harness): Promise<TestLocations | undefined> {
    const { engine, root } = this.project;
    try {
      const functions = await engine?.functions(built.layout.root, harness.program.name);
      return functions === undefined ? undefined : new TestLocations(functions, harness.crate, root);
    } catch (error) {
      this.log.warn(`the functions of ${harness.shown.label} are not known: ${messageOf(error)}`);
      return undefined;
    }
  }
}

/** A queue for all projects' listings. */
export function listingQueue(): PQueue {
  return new PQueue({ concurrency: PARALLEL });
}

/** The number of the generation that last changed a program. */
function generationOf(built: Built, program: string): number {
  const report = built.report.programs.find((item) => item.program === program);
  return report?.generation ?? built.report.generation;
}
