/** What processes have in memory, and what lies in folders. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";

/** Bytes of memory that a process has for itself: not of files, and not of images. */
export function anonymousBytes(pid: number): number {
  const kilobytes = /^RssAnon:\s*(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status does not tell its memory`);
  return Number(kilobytes) * 1024;
}

/** Bytes on disk, or in memory for a folder there, below `folder`. Files with several names count once. */
export function diskBytes(folder: string): number {
  const text = execFileSync("du", ["--summarize", "--block-size=1", folder], { encoding: "utf8" });
  return Number(/^\d+/.exec(text)?.[0] ?? 0);
}

/** The most that a process had while something went on. */
export class PeakMemory {
  private peak = 0;
  private readonly timer: NodeJS.Timeout;

  /** `pid`: of the process, once there is one. */
  constructor(private readonly pid: () => number | undefined) {
    this.timer = setInterval(() => this.look(), 100);
  }

  /** Ends the observation. */
  stop(): number {
    clearInterval(this.timer);
    this.look();
    return this.peak;
  }

  private look(): void {
    const pid = this.pid();
    if (pid === undefined) return;
    try {
      this.peak = Math.max(this.peak, anonymousBytes(pid));
    } catch {
      // It has just ended.
    }
  }
}
