/**
 * The resident process: answers `run` and `build` for `bin/cranefly`, which asks it by the engine's `ask` before it starts a process of its
 * own. It does what that process would do, each time from what lies on the disk; that it has been there for a while is all that
 * makes it faster. What it should not do, such as asking cargo, it declines, and the process that asked does it by itself.
 *
 * One answers for all projects of a user, and for one build of Cranefly: another one has another socket. It ends when nobody has asked for
 * a while, or can ask any more.
 */
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import * as z from "zod";
import { type SharedSources, SourceCache } from "../core/source/sourceCache.js";
import { parseEnvironment } from "../core/support/shell.js";
import type { Caller } from "./caller.js";
import { runCommandLine, toolchainOf } from "./commandLine.js";
import { isLikeUs } from "./likeUs.js";
import { residentSocket, socketName } from "./residentSocket.js";
import { BUNDLE_DIRECTORY } from "./session.js";
import { givenEnvironment } from "./startScript.js";

/** How long nobody may have asked. */
const IDLE_MS = 15 * 60_000;
/** How often it looks whether anybody can ask it still. */
const LOOK_MS = 5000;
/** More memory than that is given back by ending. In bytes. */
const MAX_MEMORY = 600 * 1024 * 1024;
/** A longer command line is none. In UTF-16 code units. */
const MAX_REQUEST = 4 * 1024 * 1024;

const Request = z.union([
  z.object({ stop: z.literal(true) }),
  z.object({
    /** The process that asks, and the launcher that has started it. */
    pid: z.number().int().positive(),
    launcher: z.number().int().positive(),
    cwd: z.string(),
    argv: z.array(z.string()),
    /** Whether standard output and standard error are terminals. */
    terminals: z.tuple([z.boolean(), z.boolean()]),
  }),
]);
type Question = Exclude<z.infer<typeof Request>, { readonly stop: true }>;

/** What the process that asks is told, a line each. The last one is one of the latter three. */
type Answer =
  | { readonly write: 1 | 2; readonly text: string }
  | { readonly script: string }
  | { readonly exit: number }
  | { readonly declined: true };

/** Is that process. */
export async function residentCommand(): Promise<void> {
  const resident = new Resident(residentSocket(process.env));
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => resident.end());
  await resident.serve();
}

class Resident {
  private readonly server = net.createServer((connection) => this.accept(connection));
  private idle: NodeJS.Timeout | undefined;
  private isBusy = false;
  private parsed: Promise<SourceCache> | undefined;
  /** The parser, and what it has parsed, stay for the next command. */
  private readonly sources: SharedSources = () => (this.parsed ??= SourceCache.create(BUNDLE_DIRECTORY));
  /** The socket's. */
  private inode: number | undefined;

  constructor(private readonly socket: string) {}

  /** Until it ends. */
  async serve(): Promise<void> {
    if (!(await this.listen())) {
      // Another one is faster, or was killed.
      if (await isAnswered(this.socket)) return;
      fs.rmSync(this.socket, { force: true });
      if (!(await this.listen())) return;
    }
    this.inode = inodeOf(this.socket);
    this.wait();
    setInterval(() => {
      if (!this.isBusy && this.isLeft()) this.end();
    }, LOOK_MS);
    await new Promise(() => undefined);
  }

  /** What an answer has left open is nobody's. */
  end(): never {
    // (Another one may listen there by now.)
    if (this.inode !== undefined && inodeOf(this.socket) === this.inode) fs.rmSync(this.socket, { force: true });
    process.exit(0);
  }

  /** Whether nobody will ask any more: there is another bundle, or the socket is gone. */
  private isLeft(): boolean {
    return socketName() !== path.basename(this.socket) || inodeOf(this.socket) !== this.inode;
  }

  /** Gives whether the socket was free. */
  private listen(): Promise<boolean> {
    return new Promise((resolve) => {
      this.server.once("error", () => resolve(false));
      this.server.listen(this.socket, () => resolve(true));
    });
  }

  private wait(): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.end(), IDLE_MS);
  }

  private accept(connection: net.Socket): void {
    let text = "";
    connection.setEncoding("utf8");
    connection.on("error", () => connection.destroy());
    const receive = (chunk: string): void => {
      text += chunk;
      if (text.length > MAX_REQUEST) connection.destroy();
      const end = text.indexOf("\n");
      if (end < 0) return;
      connection.off("data", receive);
      // What comes now is nothing but the end.
      connection.resume();
      void this.handle(connection, text.slice(0, end));
    };
    connection.on("data", receive);
  }

  private async handle(connection: net.Socket, line: string): Promise<void> {
    const request = Request.safeParse(parseJson(line)).data;
    if (request !== undefined && "stop" in request) {
      connection.end(() => this.end());
      return;
    }
    // (Two at a time would wait for one another; a process of one's own does that as well, and says so.)
    const mayAnswer = request !== undefined && !this.isBusy && isLikeUs(request.pid);
    this.isBusy ||= mayAnswer;
    // (An answer may take as long as it likes.)
    if (mayAnswer) clearTimeout(this.idle);
    const last = mayAnswer ? await answer(request, connection, this.sources) : ({ declined: true } as const);
    if (mayAnswer) this.isBusy = false;
    connection.end(`${JSON.stringify(last)}\n`);
    if (!mayAnswer) return;
    this.wait();
    if (process.memoryUsage.rss() <= MAX_MEMORY) return;
    // (What it has to say may not be written yet.)
    if (connection.destroyed) this.end();
    connection.once("close", () => this.end());
  }
}

/** Does what is asked for. Gives the last part of the answer. */
async function answer(question: Question, connection: net.Socket, sources: SharedSources): Promise<Answer> {
  const { pid, launcher, cwd, argv, terminals } = question;
  // rustup's choice is this process's environment.
  if (toolchainOf(argv) !== undefined) return { declined: true };
  const gone = new AbortController();
  connection.once("close", () => gone.abort());
  const say = (part: Answer): void => void connection.write(`${JSON.stringify(part)}\n`);
  let last: Answer = { exit: 0 };
  try {
    const shell = { cwd, env: Object.fromEntries(parseEnvironment(fs.readFileSync(`/proc/${pid}/environ`, "utf8"))) };
    const caller: Caller = {
      cwd,
      env: givenEnvironment(shell.env, launcher),
      shell,
      mayAskCargo: false,
      signal: gone.signal,
      sources,
      hasTerminal: (descriptor) => terminals[descriptor - 1] === true,
      write: (write, text) => say({ write, text }),
      finishWith: (script) => {
        last = { script };
        return Promise.resolve();
      },
      endWith: (exit) => void (last = { exit }),
    };
    await runCommandLine(argv, caller);
    return last;
  } catch {
    // It will be found again, and said, by the process that asked.
    return { declined: true };
  }
}

function inodeOf(file: string): number | undefined {
  return fs.statSync(file, { throwIfNoEntry: false })?.ino;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether somebody listens at a socket. */
function isAnswered(socket: string): Promise<boolean> {
  const connection = net.connect(socket);
  return new Promise((resolve) => {
    connection.once("error", () => resolve(false));
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
  });
}
