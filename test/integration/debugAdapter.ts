/** A debugger's editor, headless: what VS Code asks of a debug adapter, in its order. */
import { AdapterProcess } from "../../client/src/debug/adapterProcess.js";
import type { DapMessage } from "../../client/src/debug/dapMessages.js";

export interface Frame {
  readonly name: string;
  readonly file: string | undefined;
  readonly line: number;
}

export interface Breakpoint {
  readonly verified: boolean;
  readonly line?: number;
}

interface Waiter {
  readonly isWanted: (message: DapMessage) => boolean;
  readonly resolve: (message: DapMessage) => void;
}

export class DebugSession {
  /** All that the adapter said, in its order. */
  readonly messages: DapMessage[] = [];
  readonly log: string[] = [];
  private readonly adapter: AdapterProcess;
  private readonly waiters = new Set<Waiter>();
  private seq = 0;
  private seen = 0;

  constructor(program: string, env: NodeJS.ProcessEnv) {
    const clean = Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    this.adapter = new AdapterProcess(
      program,
      { cwd: undefined, env: clean, hasSlots: true },
      {
        onMessage: (message) => this.take(message),
        onLog: (text) => this.log.push(text),
      },
    );
  }

  /** Starts the program with breakpoints at lines of `file`, and lets it run. */
  async launch(args: Record<string, unknown>, file: string, lines: readonly number[]): Promise<void> {
    const initialized = this.next((message) => message.event === "initialized");
    await this.request("initialize", {
      adapterID: "cranefly",
      pathFormat: "path",
      linesStartAt1: true,
      columnsStartAt1: true,
    });
    const launched = this.request("launch", args);
    await initialized;
    await this.setBreakpoints(file, lines);
    await this.request("configurationDone", {});
    await launched;
  }

  async setBreakpoints(file: string, lines: readonly number[]): Promise<Breakpoint[]> {
    const answer = await this.request("setBreakpoints", {
      source: { path: file },
      breakpoints: lines.map((line) => ({ line })),
    });
    return (answer.body as { breakpoints: Breakpoint[] }).breakpoints;
  }

  /** Waits until the program stands again, and gives the stack of the thread that stopped it. */
  async stopped(): Promise<{ readonly reason: string; readonly thread: number; readonly frames: readonly Frame[] }> {
    const event = await this.event("stopped");
    const { reason, threadId } = event.body as { reason: string; threadId: number };
    const answer = await this.request("stackTrace", { threadId, startFrame: 0, levels: 50 });
    const { stackFrames } = answer.body as {
      stackFrames: { name: string; line: number; source?: { path?: string } }[];
    };
    const frames = stackFrames.map(({ name, line, source }) => ({ name, line, file: source?.path }));
    return { reason, thread: threadId, frames };
  }

  /** The arguments and locals of a thread's innermost frame: names to values as they are shown. */
  async variables(threadId: number): Promise<ReadonlyMap<string, string>> {
    const stack = await this.request("stackTrace", { threadId, startFrame: 0, levels: 1 });
    const [frame] = (stack.body as { stackFrames: { id: number }[] }).stackFrames;
    const scopes = await this.request("scopes", { frameId: frame?.id });
    const [locals] = (scopes.body as { scopes: { variablesReference: number }[] }).scopes;
    const answer = await this.request("variables", { variablesReference: locals?.variablesReference });
    const { variables } = answer.body as { variables: { name: string; value: string }[] };
    return new Map(variables.map(({ name, value }) => [name, value]));
  }

  /** The next event of this name that was not waited for yet. */
  async event(name: string): Promise<DapMessage> {
    const known = this.messages.findIndex((message, index) => index >= this.seen && message.event === name);
    if (known >= 0) {
      this.seen = known + 1;
      return this.messages[known] as DapMessage;
    }
    const message = await this.next((candidate) => candidate.event === name);
    this.seen = this.messages.indexOf(message) + 1;
    return message;
  }

  /** Rejects with the adapter's words when it cannot. */
  async request(command: string, args: object): Promise<DapMessage> {
    const seq = ++this.seq;
    const answer = this.next((message) => message.type === "response" && message.request_seq === seq);
    this.adapter.send({ seq, type: "request", command, arguments: args });
    const message = await answer;
    if (message.success !== true) throw new Error(`${command}: ${message.message ?? "failed"}`);
    return message;
  }

  /** What the program printed. */
  get output(): string {
    return this.messages
      .filter((message) => message.event === "output")
      .map((message) => message.body as { category?: string; output: string })
      .filter(({ category }) => category === "stdout")
      .map(({ output }) => output)
      .join("");
  }

  dispose(): void {
    this.adapter.dispose();
  }

  private next(isWanted: (message: DapMessage) => boolean): Promise<DapMessage> {
    return new Promise((resolve) => this.waiters.add({ isWanted, resolve }));
  }

  private take(message: DapMessage): void {
    this.messages.push(message);
    for (const waiter of this.waiters) {
      if (!waiter.isWanted(message)) continue;
      this.waiters.delete(waiter);
      waiter.resolve(message);
    }
  }
}
