/** Measures where a generation's time goes. */
import { type StageTimes, noTimes } from "../../../../shared/src/report.js";

export class StageClock {
  /** Milliseconds so far, by stage. */
  readonly ms: StageTimes = noTimes();

  /** Adds the time of some work, failed or not, to a stage. */
  async timed<T>(stage: keyof StageTimes, work: () => T | Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.ms[stage] += performance.now() - started;
    }
  }
}
