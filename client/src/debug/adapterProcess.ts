/**
 * A debug adapter's process between the editor and the program. Messages go through as they are, with two exceptions: what an
 * adapter says after the end is not shown (lldb-dap 19 crashes while it disconnects, and sends its stack), and an adapter
 * that dies is a session that ends. Knows nothing of VS Code.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { type DapMessage, MessageReader, encodeMessage } from "./protocol.js";

/** How long an adapter may take to end after `disconnect`. */
const GRACE_MS = 3000;
const KEPT_STDERR = 4096;

export interface AdapterEvents {
  /** A message for the editor. */
  onMessage(message: DapMessage): void;
  /** For the log. */
  onLog(text: string): void;
}

export class AdapterProcess {
  private readonly child: ChildProcess;
  private readonly reader = new MessageReader();
  private readonly pending = new Map<number, string>();
  private stderr = "";
  private hasTerminated = false;
  private isDisconnecting = false;
  private hasEnded = false;
  private lastSeq = 0;

  /** Starts `program`. That it cannot be started is told as the end of the session. */
  constructor(
    private readonly program: string,
    options: { readonly cwd: string | undefined; readonly env: Readonly<Record<string, string>> },
    private readonly events: AdapterEvents,
  ) {
    this.child = spawn(program, [], {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child.stdout?.on("data", (bytes: Uint8Array) => this.read(bytes));
    this.child.stderr?.on("data", (bytes: Uint8Array) => {
      this.stderr = (this.stderr + Buffer.from(bytes).toString()).slice(-KEPT_STDERR);
    });
    // A pipe that breaks is an adapter that ended.
    this.child.stdin?.on("error", () => undefined);
    this.child.once("error", (error) => this.end(`${program} could not be started: ${error.message}`));
    this.child.once("close", (code, signal) => this.end(`${program} ended (${signal ?? `exit code ${code}`})`));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** A message of the editor's. */
  send(message: DapMessage): void {
    if (message.type === "request") this.pending.set(message.seq, message.command ?? "");
    if (message.command === "disconnect") this.disconnect();
    if (this.hasEnded) this.refuse(message.seq);
    else this.child.stdin?.write(encodeMessage(message));
  }

  /** Ends the process, and with it the program that it launched. */
  dispose(): void {
    if (!this.hasEnded) this.child.kill("SIGKILL");
  }

  private read(bytes: Uint8Array): void {
    let messages: DapMessage[];
    try {
      messages = this.reader.push(bytes);
    } catch (error) {
      this.events.onLog(`${this.program}: ${String(error)}`);
      this.child.kill("SIGKILL");
      return;
    }
    for (const message of messages) this.receive(message);
  }

  private receive(message: DapMessage): void {
    this.lastSeq = Math.max(this.lastSeq, message.seq);
    if (message.type === "response" && message.request_seq !== undefined) this.pending.delete(message.request_seq);
    const isNoise =
      message.type === "event" && message.event === "output" && (this.hasTerminated || this.isDisconnecting);
    if (isNoise) return;
    if (message.event === "terminated") this.hasTerminated = true;
    this.events.onMessage(message);
  }

  private disconnect(): void {
    this.isDisconnecting = true;
    const timer = setTimeout(() => this.dispose(), GRACE_MS);
    this.child.once("close", () => clearTimeout(timer));
  }

  /** The adapter is gone: what was asked is answered, and the session ends, if it did not. */
  private end(reason: string): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    const isExpected = this.isDisconnecting || this.hasTerminated;
    if (!isExpected) this.events.onLog(`${reason}${this.stderr.trim() === "" ? "" : `:\n${this.stderr.trimEnd()}`}`);
    for (const seq of [...this.pending.keys()]) this.refuse(seq, reason);
    if (!this.hasTerminated) this.emit({ type: "event", event: "terminated" });
    this.hasTerminated = true;
  }

  private refuse(seq: number, reason = `${this.program} has ended`): void {
    const command = this.pending.get(seq);
    this.pending.delete(seq);
    if (command === undefined) return;
    const success = command === "disconnect" || command === "terminate";
    const outcome = success ? { success } : { success, message: reason };
    this.emit({ type: "response", request_seq: seq, command, ...outcome });
  }

  private emit(message: Omit<DapMessage, "seq">): void {
    this.lastSeq++;
    this.events.onMessage({ seq: this.lastSeq, ...message });
  }
}
