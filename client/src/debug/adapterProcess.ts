/**
 * A debug adapter's process between the editor and the program. Messages go through as they are, with three exceptions: what
 * an adapter says after the end is not shown (lldb-dap 19 crashes while it disconnects, and sends its stack), an adapter that
 * dies is a session that ends, and stepping into functions goes through their slots. Knows nothing of VS Code.
 */
import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { type DapMessage, MessageReader, encodeMessage } from "./dapMessages.js";
import { stepInto } from "./stepInto.js";

/** How long an adapter may take to end after `disconnect`. */
const GRACE_MS = 3000;
const KEPT_STDERR = 4096;
/** Requests of ours count from here; no editor gets that far. */
const OWN_REQUESTS = 2 ** 30;

export interface AdapterEvents {
  /** A message for the editor. */
  onMessage(message: DapMessage): void;
  /** For the log. */
  onLog(text: string): void;
}

export interface AdapterOptions {
  readonly cwd: string | undefined;
  /** Complete. */
  readonly env: Readonly<Record<string, string>>;
  /** The program is Cranefly's: its calls go through slots. */
  readonly hasSlots: boolean;
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
  private lastOwn = OWN_REQUESTS;
  private readonly own = new Map<number, (answer: DapMessage) => void>();
  /** While we step: who waits for the next stop. */
  private onStop: ((stop: DapMessage | undefined) => void) | undefined;
  private isStepping = false;

  /** Starts `program`. That it cannot be started is told as the end of the session. */
  constructor(
    private readonly program: string,
    private readonly options: AdapterOptions,
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
    const thread = this.options.hasSlots ? threadToStep(message) : undefined;
    if (this.hasEnded) this.refuse(message.seq);
    else if (thread !== undefined && !this.isStepping) void this.stepInto(message, thread);
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
    if (message.type === "response" && message.request_seq !== undefined) {
      this.pending.delete(message.request_seq);
      const answer = this.own.get(message.request_seq);
      if (answer !== undefined) {
        this.own.delete(message.request_seq);
        answer(message);
        return;
      }
    }
    if (this.isStepping && message.type === "event" && this.takeStepEvent(message)) return;
    const isNoise =
      message.type === "event" && message.event === "output" && (this.hasTerminated || this.isDisconnecting);
    if (isNoise) return;
    if (message.event === "terminated") this.hasTerminated = true;
    this.events.onMessage(message);
  }

  /** Answers the editor, makes the steps that its one step needs, and tells of the last one's end. */
  private async stepInto(message: DapMessage, threadId: number): Promise<void> {
    this.isStepping = true;
    this.pending.delete(message.seq);
    this.emit({ type: "response", request_seq: message.seq, command: "stepIn", success: true });
    let last: DapMessage | undefined;
    const step = async (command: string, args: object): Promise<DapMessage | undefined> => {
      const stopped = new Promise<DapMessage | undefined>((resolve) => (this.onStop = resolve));
      await this.request(command, args);
      return (last = await stopped);
    };
    try {
      const request = (command: string, args: object): Promise<DapMessage> => this.request(command, args);
      last = await stepInto(threadId, { request, step, hasFile: (file) => fs.existsSync(file) });
    } catch (error) {
      this.events.onLog(`stepping into a function: ${String(error)}`);
      // Wherever it stands now.
      last ??= { seq: 0, type: "event", event: "stopped", body: { reason: "step", threadId, allThreadsStopped: true } };
    }
    this.isStepping = false;
    this.onStop = undefined;
    if (last !== undefined && !this.hasTerminated) this.events.onMessage(last);
  }

  /** Whether an event is about our own steps, and not for the editor. */
  private takeStepEvent(message: DapMessage): boolean {
    const isEnd = message.event === "exited" || message.event === "terminated";
    if (isEnd) this.onStop?.(undefined);
    if (message.event === "stopped") this.onStop?.(message);
    return message.event === "stopped" || message.event === "continued";
  }

  /** A request of ours, which the editor hears nothing of. Rejects when it is refused. */
  private async request(command: string, args: object): Promise<DapMessage> {
    const seq = ++this.lastOwn;
    const answer = await new Promise<DapMessage>((resolve) => {
      this.own.set(seq, resolve);
      if (this.hasEnded) resolve({ seq: 0, type: "response", success: false, message: "the debug adapter has ended" });
      else this.child.stdin?.write(encodeMessage({ seq, type: "request", command, arguments: args }));
    });
    if (answer.success !== true) throw new Error(`${command}: ${answer.message ?? "refused"}`);
    return answer;
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
    for (const answer of this.own.values()) answer({ seq: 0, type: "response", success: false, message: reason });
    this.own.clear();
    this.onStop?.(undefined);
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

/** The thread of a request to step into a function, by lines. */
function threadToStep({ command, arguments: args }: DapMessage): number | undefined {
  if (command !== "stepIn" || typeof args !== "object" || args === null) return undefined;
  const { threadId, granularity, targetId } = args as Partial<DebugProtocol.StepInArguments>;
  if (granularity === "instruction" || targetId !== undefined) return undefined;
  return typeof threadId === "number" ? threadId : undefined;
}
