import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Engine } from "../../../../server/src/core/engine/client.js";
import { socketDirectory } from "../../../../server/src/core/engine/location.js";
import { EngineError } from "../../../../server/src/core/engine/errors.js";

/**
 * A daemon that dies during its first `status` (there is a mark on disk), refuses to publish, and has five functions, two in an
 * answer: of a program that is published anew during the first look, of one that is during each.
 */
const FAKE = `#!${process.execPath}
const fs = require("node:fs"), net = require("node:net");
const socket = process.argv[process.argv.indexOf("--socket") + 1];
const mark = socket + ".died";
let looks = 0;
const all = ["a", "b", "c", "d", "e"].map((symbol) => ({
  symbol, name: symbol, file: null, line: 0, tier: "none", us: { parse: 0, hash: 0, translate: 0, compile: 0 }, bytes: 0, status: "deferred", unit: "u",
}));
fs.rmSync(socket, { force: true });
net.createServer((connection) => {
  let text = "";
  connection.on("data", (data) => {
    text += data;
    for (;;) {
      const head = /^Content-Length: (\\d+)\\r\\n\\r\\n/.exec(text);
      if (head === null || text.length < head[0].length + Number(head[1])) return;
      const { id, method, params } = JSON.parse(text.slice(head[0].length, head[0].length + Number(head[1])));
      text = text.slice(head[0].length + Number(head[1]));
      const send = (answer) => {
        const body = JSON.stringify({ jsonrpc: "2.0", id, ...answer });
        connection.write("Content-Length: " + body.length + "\\r\\n\\r\\n" + body);
      };
      if (method === "initialize") send({ result: { protocol: params.protocol, version: "f", pid: process.pid, toolchain: "t" } });
      else if (method === "status" && !fs.existsSync(mark)) { fs.writeFileSync(mark, ""); process.exit(1); }
      else if (method === "status") send({ result: { version: "f", pid: process.pid, uptimeMs: 1, toolchain: "t", memory: { rssBytes: 1, cacheFunctions: 2, cacheBytes: 3, firstCalls: 4, imageBytes: 5 }, programs: [] } });
      else if (method === "functions" && params.program === "nonsense") send({ result: { nonsense: true } });
      else if (method === "functions") {
        looks++;
        const generation = params.program === "busy" || looks < 2 ? looks : 2;
        send({ result: { generation, functions: all.slice(params.from, params.from + 2), left: Math.max(0, 3 - params.from) } });
      }
      else if (method === "shutdown") { send({ result: {} }); setTimeout(() => process.exit(0), 10); }
      else send({ error: { code: -32000, message: "no such base image", data: { kind: "base" } } });
    }
  });
}).listen(socket);
`;

let directory: string;
let engine: Engine;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-engine-"));
  const binary = path.join(directory, "engine.cjs");
  fs.writeFileSync(binary, FAKE, { mode: 0o755 });
  engine = Engine.for(binary, { sysroot: directory, version: "v" }, { ...process.env, XDG_RUNTIME_DIR: directory });
});

afterEach(async () => {
  await engine.shutdown();
  fs.rmSync(directory, { recursive: true, force: true });
});

describe("the engine's client", () => {
  it("starts a daemon that dies again, once, and repeats the request", async () => {
    expect(await engine.isRunning()).toBe(false);
    expect((await engine.status()).version).toBe("f");
    expect(fs.existsSync(`${engine.socket}.died`)).toBe(true);
  });

  it("passes on the engine's own errors with their kind, without repeating", async () => {
    const params = {
      workspace: "/w",
      program: "p",
      executable: "/e",
      base: "/b",
      units: [],
      optLevel: "0",
      panic: "unwind" as const,
    };
    const error: unknown = await engine.publish(params).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ message: "no such base image", kind: "base" });
  });

  it("refuses an answer that it does not understand", async () => {
    await expect(engine.functions("/w", "nonsense")).rejects.toThrow("not understood");
  });

  it("asks for many functions in parts, all of one generation", async () => {
    const functions = await engine.functions("/w", "program");
    expect(functions.map(({ symbol }) => symbol)).toEqual(["a", "b", "c", "d", "e"]);
    await expect(engine.functions("/w", "busy")).rejects.toThrow("busy was published anew");
  });

  it("says why an engine does not start", async () => {
    const broken = path.join(directory, "broken");
    fs.writeFileSync(broken, "#!/bin/sh\necho no libLLVM here >&2\nexit 3\n", { mode: 0o755 });
    const client = Engine.for(broken, { sysroot: directory, version: "v" }, { XDG_RUNTIME_DIR: directory });
    await expect(client.status()).rejects.toThrow(/exit code 3[\s\S]*no libLLVM here/);
  });

  it("starts none that may not be started", async () => {
    const started = path.join(directory, "started");
    const binary = path.join(directory, "unwanted");
    fs.writeFileSync(binary, `#!/bin/sh\ntouch "${started}"\n`, { mode: 0o755 });
    const client = Engine.for(binary, { sysroot: directory, version: "v" }, { XDG_RUNTIME_DIR: directory });
    client.mayStart = () => false;
    await expect(client.functions("/w", "program")).rejects.toThrow("the engine is not running");
    expect(fs.existsSync(started)).toBe(false);
  });
});

describe("the socket's directory", () => {
  it("is closed to others, or refused", () => {
    const env = { XDG_RUNTIME_DIR: directory };
    const made = socketDirectory(env);
    expect(fs.statSync(made).mode & 0o777).toBe(0o700);
    fs.chmodSync(made, 0o755);
    expect(() => socketDirectory(env)).toThrow("only you can enter");
    fs.chmodSync(made, 0o700);
  });

  it("is refused when it is a link", () => {
    const other = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-link-"));
    fs.mkdirSync(path.join(other, "real"), { mode: 0o700 });
    fs.symlinkSync(path.join(other, "real"), path.join(other, "cranefly"));
    expect(() => socketDirectory({ XDG_RUNTIME_DIR: other })).toThrow("only you can enter");
    fs.rmSync(other, { recursive: true });
  });
});
