/** Ends a task's processes: asks them, and kills what has not ended in time. Independent of the editor. */

/** The processes of a terminal, by the number of the first one: it leads the terminal's session and process group. */
export class Ending {
  private timer: NodeJS.Timeout | undefined;

  /** `onKill`: they took longer than `limitMs`. */
  constructor(
    private readonly leader: number,
    limitMs: number,
    onKill: () => void,
  ) {
    signal(leader, "SIGTERM");
    this.timer = setTimeout(() => {
      onKill();
      this.kill();
    }, limitMs);
  }

  /** At once: whoever asks a second time does not want to wait. */
  kill(): void {
    this.ended();
    signal(this.leader, "SIGKILL");
  }

  /** They have ended. */
  ended(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

function signal(leader: number, name: NodeJS.Signals): void {
  try {
    process.kill(-leader, name);
  } catch {
    // They have ended in the meantime.
  }
}
