/** A selection's build in the language server: what whoever asks gets, whatever the order in which news of a save arrives. */
import PQueue from "p-queue";
import { expect, it } from "vitest";
import type { Update, Workspace } from "../../../../server/src/core/workspace.js";
import { Build, type BuildEvents } from "../../../../server/src/lsp/build/build.js";
import type { Cause } from "../../../../server/src/lsp/build/cause.js";

const CAUSE: Cause = { sinceMs: 0, reason: "a file changed", isSource: true };

/** A workspace whose updates take what is saved when they begin, and end when they are told to. */
class Slow {
  saved = "one";
  readonly taken: string[] = [];
  private readonly ends: (() => void)[] = [];

  readonly build: Build;

  constructor() {
    const workspace = {
      update: async (_: number, signal: AbortSignal): Promise<Partial<Update>> => {
        const text = this.saved;
        this.taken.push(text);
        await new Promise<void>((resolve) => this.ends.push(resolve));
        signal.throwIfAborted();
        return { report: { ok: true, reason: text, diagnostics: [] } as never, state: {} as never, isAhead: false };
      },
      layout: {},
      close: () => undefined,
    };
    const nothing = (): void => undefined;
    const events: BuildEvents = {
      open: () => workspace as unknown as Workspace,
      onActivity: nothing,
      onUpdate: nothing,
      onFollowed: nothing,
      onFailure: nothing,
    };
    this.build = new Build("build", new PQueue({ concurrency: 1 }), 0, true, events);
  }

  async end(): Promise<void> {
    await expect.poll(() => this.ends.length).toBeGreaterThan(0);
    this.ends.shift()?.();
  }
}

it("gives who asks what was saved before, though the build under way began earlier and nothing else told of the save", async () => {
  const slow = new Slow();
  slow.build.request(CAUSE);
  await expect.poll(() => slow.taken).toEqual(["one"]);
  slow.saved = "two";
  slow.build.saved(CAUSE);
  const asked = slow.build.ensure("asked for", undefined);
  await slow.end();
  await slow.end();
  expect(await asked).toMatchObject({ built: { report: { reason: "two" }, stale: undefined } });
});

it("is behind a save at once", async () => {
  const slow = new Slow();
  slow.build.request(CAUSE);
  await slow.end();
  await expect.poll(() => slow.build.built?.stale).toBeUndefined();
  await expect.poll(() => slow.build.built?.report.reason).toBe("one");
  slow.build.saved(CAUSE);
  expect(slow.build.built?.stale).toBe("a file changed since it was built");
});

it("is not overtaken for ever", async () => {
  const slow = new Slow();
  slow.build.request(CAUSE);
  for (let n = 1; slow.build.built === undefined; n++) {
    expect(n).toBeLessThan(20);
    await expect.poll(() => slow.taken).toHaveLength(n);
    slow.build.invalidate(CAUSE);
    await slow.end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  // What came last is not lost.
  await slow.end();
  await expect.poll(() => slow.build.built?.stale).toBeUndefined();
});
