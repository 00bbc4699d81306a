/** What to do when the engine's daemon is gone: start it again, more and more slowly, and give up in the end. */

/** After so many losses within the time the user has to say whether to go on. */
const MAX_LOSSES = 5;
const WINDOW_MS = 180_000;
/** All of a project's connections report the same loss, within this time. */
const SAME_LOSS_MS = 100;
const FIRST_DELAY_MS = 0;
const NEXT_DELAY_MS = 1000;

export class Supervisor {
  private losses: number[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** Why it is not started again; undefined: it is, or runs. */
  reason: string | undefined;

  /** `restart` is called when it is time to try again, `giveUp` when it will not be tried again; see `reason`. */
  constructor(
    private readonly restart: () => void,
    private readonly giveUp: () => void,
  ) {}

  /** The daemon is gone. */
  lost(): void {
    if (this.reason !== undefined) return;
    const now = Date.now();
    const isNew = now - (this.losses.at(-1) ?? Number.NEGATIVE_INFINITY) >= SAME_LOSS_MS;
    this.losses = [...this.losses.filter((at) => at > now - WINDOW_MS), ...(isNew ? [now] : [])];
    const count = this.losses.length;
    if (count >= MAX_LOSSES) {
      this.reason = `the engine ended ${count} times within ${WINDOW_MS / 60_000} minutes`;
      this.close();
      this.giveUp();
      return;
    }
    this.timer ??= setTimeout(
      () => {
        this.timer = undefined;
        this.restart();
      },
      count === 1 ? FIRST_DELAY_MS : NEXT_DELAY_MS * 2 ** (count - 2),
    );
  }

  /** The user wants it again. */
  reset(): void {
    this.losses = [];
    this.reason = undefined;
    this.close();
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
