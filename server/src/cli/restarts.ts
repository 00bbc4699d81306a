/**
 * The program of a watch, started again after each change: at most one runs, the newest one that is wanted comes next, and
 * none is waited for without end. Starts and signals nothing itself.
 */

/** A program with all that it has started. */
export interface Job {
  /** The program itself has ended. */
  readonly ended: Promise<void>;
  /** Nothing of what it has started is left, either. */
  readonly gone: Promise<void>;
  /** Asks all of it to end. */
  askToEnd(): void;
  /** Ends all of it. */
  kill(): void;
}

export class Restarts {
  private job: Job | undefined;
  /** What is started when nothing runs any more. */
  private next: (() => Job) | undefined;
  private hasEnded = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly whenIdle: (() => void)[] = [];

  /** `limitMs`: how long a program that was asked to end may take. `onKill`: it took longer, and is killed. `onFailure`: the next one could not be started. */
  constructor(
    private readonly limitMs: number,
    private readonly onKill: () => void,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Ends what runs, and then starts this, unless something newer is wanted by then. */
  restart(start: () => Job): void {
    if (this.hasEnded) return;
    this.next = start;
    if (this.job === undefined) this.startNext();
    else this.stop(this.job, true);
  }

  /** Ends what runs; nothing is started any more. `isTold`: the program has been sent the signal already. */
  async end(isTold = false): Promise<void> {
    this.hasEnded = true;
    this.next = undefined;
    if (this.job === undefined) return;
    this.stop(this.job, !isTold);
    await new Promise<void>((resolve) => this.whenIdle.push(resolve));
  }

  /** Ends what runs at once. */
  kill(): void {
    this.job?.kill();
  }

  private startNext(): void {
    const start = this.next;
    this.next = undefined;
    if (start === undefined) {
      for (const resolve of this.whenIdle.splice(0)) resolve();
      return;
    }
    const job = start();
    this.job = job;
    void job.gone.then(() => {
      clearTimeout(this.timer);
      this.timer = undefined;
      this.job = undefined;
      try {
        this.startNext();
      } catch (error) {
        this.onFailure(error);
        this.startNext();
      }
    });
  }

  /** Once: another change, or the wish to end, does not prolong the time that the program has. */
  private stop(job: Job, asks: boolean): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.onKill();
      job.kill();
    }, this.limitMs);
    if (asks) job.askToEnd();
  }
}
