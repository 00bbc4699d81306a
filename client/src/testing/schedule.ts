/**
 * How long each test took, from when their results were printed.
 *
 * Stable libtest prints no times, but it starts tests in a known way (`library/test/src/lib.rs`, `run_tests`): sorted by
 * name, as many at once as it has threads, and the next one whenever one has ended. So the first N started when "running …
 * tests" was printed, and each later one when the result before was printed that made room for it. Ignored tests take their
 * turn like any other. The result is exact to the delay of a pipe for a test that runs alone, and for others as long as N is
 * what libtest took (`RUST_TEST_THREADS`, or the number of usable processors).
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

export class Schedule {
  private readonly started = new Map<string, number>();
  private next = 0;
  private readonly running = new Set<string>();
  private last: number;

  /** `order`: the names as libtest starts them. `now`: when the first ones start, in milliseconds. */
  constructor(
    private readonly order: readonly string[],
    private threads: number,
    now: number,
  ) {
    this.last = now;
    this.fill(now);
  }

  /** The tests that run now. */
  get active(): readonly string[] {
    return [...this.running];
  }

  /** A test that libtest named before it ran it: there is one thread. Says which tests began to run. */
  start(name: string, now: number): readonly string[] {
    if (this.running.has(name)) {
      if (this.threads === 1) this.started.set(name, now);
      return [];
    }
    return this.catchUp(name, now);
  }

  /** Milliseconds that a test took; undefined for one that is not in the order. Says which tests began to run after it. */
  finish(name: string, now: number): { readonly duration: number | undefined; readonly began: readonly string[] } {
    // It can only have ended if it had begun, so there are more threads than was thought.
    const late = this.running.has(name) ? [] : this.catchUp(name, this.last);
    const start = this.started.get(name);
    this.running.delete(name);
    this.last = now;
    return { duration: start === undefined ? undefined : now - start, began: [...late, ...this.fill(now)] };
  }

  private fill(now: number): string[] {
    const began: string[] = [];
    while (this.running.size < this.threads) {
      const name = this.order[this.next];
      if (name === undefined) break;
      this.next++;
      this.running.add(name);
      this.started.set(name, now);
      began.push(name);
    }
    return began;
  }

  private catchUp(name: string, now: number): string[] {
    const index = this.order.indexOf(name, this.next);
    if (index < 0) return [];
    this.threads = Math.max(this.threads, this.running.size + index + 1 - this.next);
    return this.fill(now);
  }
}

/** Sorts names as libtest does: by their bytes. */
export function libtestOrder(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** The number of threads that libtest takes in an environment. */
export function testThreads(env: Readonly<Record<string, string | undefined>>): number {
  const chosen = Number(env["RUST_TEST_THREADS"]);
  return Number.isInteger(chosen) && chosen > 0 ? chosen : usableProcessors();
}

/** As std's `available_parallelism`: the affinity mask, within the limit of the control group (version 2). */
function usableProcessors(): number {
  const quota = cgroupQuota();
  const processors = os.availableParallelism();
  return quota === undefined ? processors : Math.max(1, Math.min(processors, Math.floor(quota)));
}

function cgroupQuota(): number | undefined {
  const group = /^0::(.*)$/m.exec(read("/proc/self/cgroup") ?? "")?.[1];
  if (group === undefined) return undefined;
  let least: number | undefined;
  for (let folder = group; ; folder = path.dirname(folder)) {
    const [quota, period] = (read(path.join("/sys/fs/cgroup", folder, "cpu.max")) ?? "").trim().split(" ").map(Number);
    if (quota !== undefined && period !== undefined && quota > 0 && period > 0) {
      least = Math.min(least ?? Number.POSITIVE_INFINITY, quota / period);
    }
    if (folder === "/" || folder === ".") return least;
  }
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
