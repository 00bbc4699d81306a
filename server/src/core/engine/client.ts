/**
 * The engine's client: finds the daemon of this user and toolchain, starts it when there is none, speaks the protocol.
 *
 * Every request may be repeated: when the daemon dies in the middle it is started again once and asked again.
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  ErrorCodes,
  type MessageConnection,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
  createMessageConnection,
} from "vscode-jsonrpc/node";
import type * as z from "zod";
import {
  type CompileParams,
  CompileResult,
  EmptyResult,
  ErrorData,
  type FunctionsParams,
  FunctionsResult,
  InitializeResult,
  type InspectParams,
  InspectResult,
  type Instance,
  type Instantiator,
  InstancesResult,
  InstantiatorsResult,
  TestsResult,
  PROTOCOL_VERSION,
  type PublishParams,
  PublishResult,
  StatusResult,
  type SummaryParams,
  SummaryResult,
} from "../../../../shared/src/protocol.js";
import type { FunctionEntry } from "../../../../shared/src/report.js";
import { Unsupported, messageOf } from "../support/errors.js";
import { digest, readText } from "../support/files.js";
import type { Toolchain } from "../units/toolchain.js";
import { EngineError, EngineUnavailable } from "./errors.js";
import { socketDirectory } from "./location.js";

/** On a machine with nothing else to do it takes a tenth of a second. One that ends instead of starting is noticed at once. */
const START_TIMEOUT_MS = 60_000;
const RETRY_MS = 10;
/** A program that is published so often while somebody looks at it is saved again and again. */
const MAX_GENERATIONS = 5;
/** Half of what is waited before the second look, which doubles with each. */
const CHANGED_MS = 50;
/** sun_path's size on Linux, with its final zero. */
const MAX_SOCKET_PATH = 107;

type FunctionFilter = Pick<FunctionsParams, "files" | "changedOnly">;

/** The engine answers the requests of a connection one after the other: who looks must not wait for who publishes. */
type Lane = "publish" | "look";

export class Engine {
  private readonly connections = new Map<Lane, Promise<MessageConnection>>();
  /** Called when the daemon is gone although nobody here has ended it. */
  onLost: (() => void) | undefined;
  /** Whether the daemon may be started for a request that finds none. */
  mayStart: () => boolean = () => true;

  private constructor(
    private readonly binary: string,
    private readonly sysroot: string,
    readonly socket: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** The client for a toolchain. Nothing is started yet. */
  static for(binary: string, toolchain: Pick<Toolchain, "sysroot" | "version">, env: NodeJS.ProcessEnv): Engine {
    const directory = socketDirectory(env);
    const stat = fs.statSync(binary);
    const sysroot = fs.realpathSync(toolchain.sysroot);
    const name = digest(sysroot, toolchain.version, binary, `${stat.size} ${stat.mtimeMs}`).slice(0, 16);
    const socket = path.join(directory, `${name}.sock`);
    if (Buffer.byteLength(socket) > MAX_SOCKET_PATH) {
      throw new Unsupported(`the path of the engine's socket is too long: ${socket}`);
    }
    return new Engine(binary, sysroot, socket, env);
  }

  publish(params: PublishParams): Promise<PublishResult> {
    return this.request("publish", params, PublishResult);
  }

  /** The instances that a program has of its edited generic functions. */
  async instances(params: PublishParams): Promise<readonly Instance[]> {
    return (await this.request("instances", params, InstancesResult)).instances;
  }

  /** The names of the tests of a program's crates that `bodyLane` names, which are test harnesses. */
  async tests(params: PublishParams): Promise<readonly string[]> {
    return (await this.request("tests", params, TestsResult)).tests;
  }

  /** What leads to the instances of a program's edited generic functions. */
  async instantiators(params: PublishParams): Promise<readonly Instantiator[]> {
    return (await this.request("instantiators", params, InstantiatorsResult)).functions;
  }

  /** A program's functions; all of them, or those that the filter lets through. */
  async functions(workspace: string, program: string, filter: FunctionFilter = {}): Promise<readonly FunctionEntry[]> {
    return asOfOneGeneration(async () => {
      const all: FunctionEntry[] = [];
      for await (const page of this.functionPages(workspace, program, filter)) all.push(...page.functions);
      return all;
    });
  }

  /**
   * The same, some thousands at a time. Throws an `EngineError` of kind "changed" when the program is published anew
   * meanwhile.
   */
  async *functionPages(
    workspace: string,
    program: string,
    filter: FunctionFilter = {},
  ): AsyncGenerator<z.infer<typeof FunctionsResult>> {
    let from = 0;
    let generation: number | undefined;
    for (;;) {
      const page = await this.request("functions", { workspace, program, ...filter, from }, FunctionsResult);
      generation ??= page.generation;
      if (page.generation !== generation) throw new EngineError(`${program} was published anew`, "changed");
      yield page;
      from += page.functions.length;
      if (page.left === 0 || page.functions.length === 0) return;
    }
  }

  /** A program's functions summed up. */
  summary(params: SummaryParams): Promise<SummaryResult> {
    return this.request("summary", params, SummaryResult);
  }

  /** The text of a function. `EngineError.kind`: unknownProgram, unknownFunction, notKept, notExpressible, notCompiled. */
  inspect(params: InspectParams): Promise<InspectResult> {
    return this.request("inspect", params, InspectResult);
  }

  /** Makes sure that functions have code before a debugger looks for it. */
  compile(params: CompileParams): Promise<CompileResult> {
    return this.request("compile", params, CompileResult);
  }

  status(): Promise<StatusResult> {
    return this.request("status", {}, StatusResult);
  }

  async evict(workspace: string): Promise<void> {
    await this.request("evict", { workspace }, EmptyResult);
  }

  /** Ends the daemon, if one runs. */
  async shutdown(): Promise<boolean> {
    if (!(await this.isRunning())) return false;
    await this.request("shutdown", {}, EmptyResult);
    this.close();
    return true;
  }

  /** Whether a daemon answers, without starting one. */
  async isRunning(): Promise<boolean> {
    try {
      await (this.connections.get("look") ?? this.keep("look", this.connect()));
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    for (const [lane, connection] of this.connections) this.forget(lane, connection);
  }

  /** Keeps a connection for later requests, unless it fails. */
  private keep(lane: Lane, connection: Promise<MessageConnection>): Promise<MessageConnection> {
    this.connections.set(lane, connection);
    connection
      .then((open) => open.onClose(() => this.lost(lane, connection)))
      .catch(() => this.forget(lane, connection));
    return connection;
  }

  private forget(lane: Lane, connection: Promise<MessageConnection>): void {
    // Another request may have replaced it already.
    if (this.connections.get(lane) === connection) this.connections.delete(lane);
    connection.then((open) => open.dispose()).catch(() => undefined);
  }

  private lost(lane: Lane, connection: Promise<MessageConnection>): void {
    if (this.connections.get(lane) !== connection) return;
    this.close();
    this.onLost?.();
  }

  private async request<T>(method: string, params: object, result: z.ZodType<T>): Promise<T> {
    let answer: unknown;
    try {
      answer = await this.attempt(method, params);
    } catch (error) {
      if (error instanceof EngineError || error instanceof Unsupported) throw error;
      // The daemon died: nothing is lost but time.
      answer = await this.again(method, params);
    }
    const parsed = result.safeParse(answer);
    if (!parsed.success) {
      throw new Unsupported(`the engine's answer to ${method} is not understood: ${parsed.error.message}`);
    }
    return parsed.data;
  }

  private async again(method: string, params: object): Promise<unknown> {
    try {
      return await this.attempt(method, params);
    } catch (error) {
      if (error instanceof EngineError || error instanceof Unsupported) throw error;
      this.close();
      throw new EngineUnavailable(`the engine ended twice on ${method}: ${messageOf(error)}`, { cause: error });
    }
  }

  private async attempt(method: string, params: object): Promise<unknown> {
    const lane = laneOf(method);
    const kept = this.connections.get(lane) ?? this.keep(lane, this.connectOrStart());
    const connection = await kept;
    const closed = new Promise<never>((_, reject) => {
      connection.onClose(() => reject(new Error("the engine closed the connection")));
      connection.onError(([error]) => reject(error));
    });
    // A connection that closes after the answer is nobody's concern.
    closed.catch(() => undefined);
    try {
      return await Promise.race([connection.sendRequest<unknown>(method, params), closed]);
    } catch (error) {
      if (isAnswer(error)) {
        const data = ErrorData.safeParse(error.data);
        throw new EngineError(error.message, data.success ? data.data.kind : "unknown", data.data?.details);
      }
      this.lost(lane, kept);
      throw error;
    }
  }

  private async connectOrStart(): Promise<MessageConnection> {
    try {
      return await this.connect();
    } catch (error) {
      if (error instanceof Unsupported || error instanceof EngineError) throw error;
    }
    if (!this.mayStart()) throw new EngineUnavailable("the engine is not running");
    const process_ = this.start();
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        return await this.connect();
      } catch (error) {
        if (error instanceof Unsupported || error instanceof EngineError) throw error;
        if (process_.failure() !== undefined || Date.now() > deadline) {
          const log = (readText(this.log) ?? "").trimEnd().split("\n").slice(-5).join("\n");
          const why = process_.failure() ?? messageOf(error);
          throw new EngineUnavailable(`the engine does not start (${why})${log === "" ? "" : `:\n${log}`}`, {
            cause: error,
          });
        }
      }
      await delay(RETRY_MS);
    }
  }

  private get log(): string {
    return this.socket.replace(/\.sock$/, ".log");
  }

  /** Starts the daemon in a session of its own, so that it outlives this process and its terminal. */
  private start(): { failure: () => string | undefined } {
    const log = fs.openSync(this.log, "w", 0o600);
    let failure: string | undefined;
    try {
      const child = spawn(this.binary, ["serve", "--socket", this.socket, "--sysroot", this.sysroot], {
        detached: true,
        stdio: ["ignore", log, log],
        cwd: "/",
        env: this.env,
      });
      child.once("error", (error) => (failure = error.message));
      // A second daemon that finds the socket taken ends well; then the first one answers.
      child.once("exit", (code, signal) => {
        if (code !== 0) failure = signal === null ? `exit code ${code}` : signal;
      });
      child.unref();
    } finally {
      fs.closeSync(log);
    }
    return { failure: () => failure };
  }

  private async connect(): Promise<MessageConnection> {
    const socket = await new Promise<net.Socket>((resolve, reject) => {
      const attempt = net.connect(this.socket);
      attempt.once("connect", () => {
        attempt.removeListener("error", reject);
        resolve(attempt);
      });
      attempt.once("error", reject);
    });
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    connection.listen();
    try {
      const closed = new Promise<never>((_, reject) => {
        connection.onClose(() => reject(new Error("the engine closed the connection")));
      });
      closed.catch(() => undefined);
      const hello = connection.sendRequest<unknown>("initialize", { protocol: PROTOCOL_VERSION });
      const parsed = InitializeResult.safeParse(await Promise.race([hello, closed]));
      if (!parsed.success || parsed.data.protocol !== PROTOCOL_VERSION) {
        throw new Unsupported("the engine speaks another version of the protocol: rebuild both");
      }
      return connection;
    } catch (error) {
      connection.dispose();
      if (isAnswer(error)) throw new Unsupported(`the engine refused: ${error.message}`, { cause: error });
      throw error;
    }
  }
}

/** Does work on `functionPages` again from the beginning when the program was published anew meanwhile. */
export async function asOfOneGeneration<T>(work: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await work();
    } catch (error) {
      const isLast = attempts === MAX_GENERATIONS;
      if (isLast || !(error instanceof EngineError) || error.kind !== "changed") throw error;
      // What is made ready in the background is published, too, one crate after the other.
      await delay(CHANGED_MS * 2 ** attempts);
    }
  }
}

/** Whether the engine said this, and not the connection to it, which fails in the same words: that is to be asked again. */
function isAnswer(error: unknown): error is ResponseError<unknown> {
  const failures: readonly number[] = [
    ErrorCodes.PendingResponseRejected,
    ErrorCodes.ConnectionInactive,
    ErrorCodes.MessageWriteError,
    ErrorCodes.MessageReadError,
  ];
  return error instanceof ResponseError && !failures.includes(error.code);
}

function laneOf(method: string): Lane {
  return method === "publish" ? "publish" : "look";
}
