/** Debugging's parts that need neither an editor nor a debugger. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AdapterProcess } from "../../../client/src/debug/adapterProcess.js";
import { adapterNames, findAdapter } from "../../../client/src/debug/adapters.js";
import { buildCommand, executableOf, programArguments } from "../../../client/src/debug/cargoBuild.js";
import { codeLldbArguments, lldbDapArguments, programOf } from "../../../client/src/debug/launchArguments.js";
import { type DapMessage, MessageReader, encodeMessage } from "../../../client/src/debug/dapMessages.js";
import { type Stepping, stepInto } from "../../../client/src/debug/stepInto.js";
import { NO_FORMATTERS, formattersIn } from "../../../client/src/debug/toolchain.js";

let folder = "";
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-debug-"))));
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** An executable file. */
function program(name: string, script = "exit 0"): string {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

describe("finding lldb-dap", () => {
  it("takes the plain name before versions, newer versions before older ones, and the old name last", () => {
    const old = program("a/lldb-vscode-14");
    const searchPath = ["a", "b", "c"].map((name) => path.join(folder, name)).join(":");
    expect(findAdapter(undefined, searchPath)).toBe(old);
    const versioned = program("c/lldb-dap-19");
    expect(findAdapter(undefined, searchPath)).toBe(versioned);
    program("a/lldb-dap-18");
    expect(findAdapter(undefined, searchPath)).toBe(versioned);
    const plain = program("b/lldb-dap");
    expect(findAdapter(undefined, searchPath)).toBe(plain);
  });

  it("takes what the user chose and nothing else, and no folder or text for a program", () => {
    const chosen = program("my adapter");
    program("b/lldb-dap");
    expect(findAdapter(chosen, path.join(folder, "b"))).toBe(chosen);
    expect(findAdapter(path.join(folder, "missing"), path.join(folder, "b"))).toBeUndefined();
    fs.mkdirSync(path.join(folder, "c/lldb-dap"), { recursive: true });
    fs.writeFileSync(path.join(folder, "c/lldb-dap-19"), "text", { mode: 0o644 });
    expect(findAdapter(undefined, `${path.join(folder, "c")}:relative`)).toBeUndefined();
    expect(adapterNames()).toContain("lldb-dap-22");
  });
});

describe("the adapter's messages", () => {
  const messages: DapMessage[] = [
    { seq: 1, type: "event", event: "output", body: { output: "ü\r\n\r\nContent-Length: 3" } },
    { seq: 2, type: "event", event: "terminated" },
  ];

  it("are read however the bytes are cut", () => {
    const bytes = Buffer.concat(messages.map(encodeMessage));
    for (const size of [1, 7, bytes.length]) {
      const reader = new MessageReader();
      const read: DapMessage[] = [];
      for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
      expect(read).toEqual(messages);
    }
  });

  it("that are none end the session", () => {
    expect(() => new MessageReader().push(Buffer.from("Usage: adapter\r\n\r\n"))).toThrow(
      "not that of a debug adapter",
    );
  });
});

describe("an adapter that ends", () => {
  const run = async (file: string): Promise<{ messages: DapMessage[]; log: string }> => {
    const messages: DapMessage[] = [];
    let log = "";
    await new Promise<void>((resolve) => {
      const options = { cwd: undefined, env: { PATH: process.env["PATH"] ?? "" }, hasSlots: false };
      const adapter = new AdapterProcess(file, options, {
        onMessage: (message) => {
          messages.push(message);
          if (message.event === "terminated") resolve();
        },
        onLog: (text) => (log += text),
      });
      adapter.send({ seq: 1, type: "request", command: "initialize" });
    });
    return { messages, log };
  };

  it("early answers what was asked, and says why", async () => {
    const { messages, log } = await run(program("adapter", "echo no python here >&2; exit 3"));
    expect(messages).toMatchObject([
      { type: "response", request_seq: 1, success: false, message: expect.stringContaining("exit code 3") as unknown },
      { type: "event", event: "terminated" },
    ]);
    expect(log).toContain("no python here");
  });

  it("before it starts does so, too", async () => {
    const { log } = await run(path.join(folder, "missing"));
    expect(log).toContain("could not be started");
  });

  it("says nothing more once the program has ended", async () => {
    const events: DapMessage[] = [
      { seq: 1, type: "event", event: "terminated" },
      { seq: 2, type: "event", event: "output", body: { category: "stderr", output: "PLEASE submit a bug report" } },
    ];
    fs.writeFileSync(path.join(folder, "events"), Buffer.concat(events.map(encodeMessage)));
    const { messages } = await run(program("adapter", `cat '${path.join(folder, "events")}'; cat > /dev/null`));
    expect(messages.map((message) => message.event)).toEqual(["terminated"]);
  });
});

describe("a program's launch", () => {
  const command = { argv: ["qemu", "-L", "/", "/t/app", "one", "two"], cwd: "/t", env: { ADDED: "1", GONE: null } };

  it("is told to lldb-dap and CodeLLDB in their own words, without cargo's runner", () => {
    const launched = programOf(command, "/t/app");
    expect(launched).toMatchObject({ executable: "/t/app", args: ["one", "two"] });
    const formatters = { commands: ["command script import x"], sourceMap: [["/rustc/1", "/src"] as const] };
    expect(lldbDapArguments(launched, formatters, { stopOnEntry: true })).toMatchObject({
      program: "/t/app",
      args: ["one", "two"],
      env: ["ADDED=1"],
      stopOnEntry: true,
      sourceMap: [["/rustc/1", "/src"]],
    });
    expect(lldbDapArguments(launched, NO_FORMATTERS)).not.toHaveProperty("sourceMap");
    expect(codeLldbArguments(launched, formatters)).toMatchObject({
      env: { ADDED: "1" },
      sourceMap: { "/rustc/1": "/src" },
      sourceLanguages: ["rust"],
    });
  });

  it("has the toolchain's formatters as far as they are there", () => {
    expect(formattersIn(folder, "")).toEqual(NO_FORMATTERS);
    program("lib/rustlib/etc/lldb_lookup.py");
    fs.mkdirSync(path.join(folder, "lib/rustlib/src/rust/library"), { recursive: true });
    const hash = "0123456789abcdef0123456789abcdef01234567";
    const { commands, sourceMap } = formattersIn(folder, `rustc 1.95.0\ncommit-hash: ${hash}\n`);
    expect(commands).toEqual([`command script import "${path.join(folder, "lib/rustlib/etc/lldb_lookup.py")}"`]);
    expect(sourceMap).toEqual([[`/rustc/${hash}`, path.join(folder, "lib/rustlib/src/rust")]]);
  });

  it("of the cargo build is what cargo would run", () => {
    const run = { ...command, argv: ["cargo", "run", "--bin", "app", "--", "--bin", "x"] };
    expect(buildCommand(run).argv).toEqual([
      "cargo",
      "build",
      "--bin",
      "app",
      "--message-format=json-render-diagnostics",
    ]);
    expect(programArguments(run)).toEqual(["--bin", "x"]);
    const test = { ...command, argv: ["cargo", "test", "--lib"] };
    expect(buildCommand(test).argv.slice(0, 4)).toEqual(["cargo", "test", "--no-run", "--lib"]);
    expect(executableOf('{"reason":"compiler-artifact","executable":"/t/app"}')).toBe("/t/app");
    expect(executableOf('{"reason":"compiler-artifact","executable":null}')).toBeUndefined();
    expect(executableOf("   Compiling app")).toBeUndefined();
  });
});

describe("stepping into a function", () => {
  /** A debugger that stands at `places` one after the other, as steps are made; undefined: no source. */
  const debuggerAt = (places: readonly (string | undefined)[]): { stepping: Stepping; steps: string[] } => {
    const steps: string[] = [];
    const here = (): string | undefined => places[steps.length - 1];
    const stepping: Stepping = {
      request: () => {
        const frame = { line: 1, source: { path: here() } };
        return Promise.resolve({ seq: 1, type: "response", success: true, body: { stackFrames: [frame] } });
      },
      step: (name, args) => {
        steps.push("granularity" in args ? `${name} instruction` : name);
        const body = { reason: "step", at: here() };
        return Promise.resolve(steps.length > places.length ? undefined : { seq: 1, type: "event", body });
      },
      hasFile: () => true,
    };
    return { stepping, steps };
  };

  it("goes through the slot and past the prologue", async () => {
    const { stepping, steps } = debuggerAt([undefined, "callee", "callee's body"]);
    expect((await stepInto(1, stepping))?.body).toMatchObject({ at: "callee's body" });
    expect(steps).toEqual(["stepIn", "stepIn instruction", "next"]);
  });

  it("comes back from what has no source, and goes on in the line", async () => {
    const { stepping, steps } = debuggerAt([undefined, undefined, "caller", "next line"]);
    expect((await stepInto(1, stepping))?.body).toMatchObject({ at: "next line" });
    expect(steps).toEqual(["stepIn", "stepIn instruction", "stepOut", "stepIn"]);
  });

  it("ends with the program", async () => {
    const { stepping } = debuggerAt([undefined]);
    expect(await stepInto(1, stepping)).toBeUndefined();
  });
});
