/** A build that takes long shows as progress in the editor, and can be cancelled there. */
import type { Connection, WorkDoneProgressServerReporter } from "vscode-languageserver/node";
import type { Activity } from "./build.js";

/** Shorter builds show in the status bar only. */
const DELAY_MS = 700;

export class Progress {
  private timer: NodeJS.Timeout | undefined;
  private reporter: WorkDoneProgressServerReporter | undefined;
  /** Counts the builds, so that a reporter that comes late is ended. */
  private current = 0;
  private activity: Activity | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly title: string,
    private readonly cancel: () => void,
  ) {}

  /** Something else is under way, or nothing. */
  show(activity: Activity | undefined): void {
    const isRunning = this.activity !== undefined;
    this.activity = activity;
    if (activity === undefined) {
      this.end();
    } else if (isRunning) {
      this.reporter?.report(activity.stage);
    } else {
      const build = ++this.current;
      this.timer = setTimeout(() => void this.begin(build), DELAY_MS);
    }
  }

  end(): void {
    this.current++;
    this.activity = undefined;
    clearTimeout(this.timer);
    this.reporter?.done();
    this.reporter = undefined;
  }

  private async begin(build: number): Promise<void> {
    let reporter: WorkDoneProgressServerReporter;
    try {
      reporter = await this.connection.window.createWorkDoneProgress();
    } catch {
      // A client that refuses sees the status only.
      return;
    }
    if (build !== this.current) return;
    this.reporter = reporter;
    reporter.begin(this.title, undefined, this.activity?.stage, true);
    reporter.token.onCancellationRequested(() => {
      if (build === this.current) this.cancel();
    });
  }
}
