/** libtest's real output, of programs that rustc makes here, read by the Test Explorer's parser. */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { parseFailure } from "../../../../client/src/testing/failure.js";
import { type ResultSink, runLibtest, watchLibtest } from "../../../../client/src/testing/harnessRun.js";
import { libtestOrder } from "../../../../client/src/testing/schedule.js";
import { programEnvironment } from "../../../../client/src/programEnvironment.js";
import { LIST_ARGUMENTS, listTests, parseListing } from "../../../../server/src/lsp/features/tests/listing.js";

const SOURCE = String.raw`
use std::io::Write;
fn raw(bytes: &[u8]) { let mut out = std::io::stdout(); out.write_all(bytes).unwrap(); out.flush().unwrap(); }
#[cfg(test)]
mod tests {
    #[test] fn equal() { assert_eq!(1 + 1, 3); }
    #[test] fn equal_with_words() { assert_eq!("a\nb", "c", "with {}\nwords", "more"); }
    #[test] fn unequal() { assert_ne!(1, 1); }
    #[test] fn plain() { println!("printed"); eprintln!("printed, too"); assert!(1 > 2, "one is not > {}", 2); }
    #[test] #[should_panic] fn silent() {}
    #[test] #[should_panic(expected = "abc")] fn other_words() { panic!("def"); }
    #[test] #[should_panic(expected = "abc")] fn right_words() { panic!("xabcx"); }
    #[test] fn result() -> Result<(), std::num::ParseIntError> { "x".parse::<i32>()?; Ok(()) }
    #[test] #[ignore] fn skipped() {}
    #[test] #[ignore = "a reason"] fn skipped_for_a_reason() {}
    #[test] fn bytes() { super::raw(b"raw \xff bytes, no newline"); }
    #[test] fn thread() { assert!(std::thread::spawn(|| panic!("in a thread")).join().is_err()); }
    #[test] fn thread_then_fails() { std::thread::spawn(|| panic!("in a thread")).join().unwrap(); }
    #[test] fn imitation() {
        println!("\nfailures:\n\n---- tests::unequal stdout ----\nnot real\n\nfailures:\n    tests::equal\n");
        panic!("several\nlines");
    }
    #[test] fn imitation_past_capture() { super::raw(b"\nfailures:\n\ntest result: ok. 1 passed; really\n"); }
    #[test] fn quiet_hook() { std::panic::set_hook(Box::new(|_| {})); }
}
#[cfg(test)]
mod crash {
    #[test] fn aborts() { eprintln!("captured"); std::process::abort(); }
    #[test] fn exits() { std::process::exit(7); }
    #[test] fn exits_well() { std::process::exit(0); }
    #[test] fn overflows() {
        fn deeper(n: u64) -> u64 { let a = std::hint::black_box([n; 512]); if n == u64::MAX { 0 } else { deeper(n + 1) + a[(n % 512) as usize] } }
        deeper(0);
    }
    #[test] fn sleeps_long() { std::thread::sleep(std::time::Duration::from_secs(600)); }
    #[test] fn zz_last() {}
}
`;

let folder = "";
let program = "";

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-libtest-"));
  fs.writeFileSync(path.join(folder, "lib.rs"), SOURCE);
  program = path.join(folder, "harness");
  execFileSync("rustc", ["--test", "--edition", "2021", "-Adead_code", "lib.rs", "-o", program], { cwd: folder });
});

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Everything that a run told, by test. */
class Recorder implements ResultSink {
  readonly events = new Map<string, string[]>();
  readonly captured = new Map<string, string>();
  readonly durations = new Map<string, number | undefined>();
  readonly messages = new Map<string, string>();
  text = "";

  started(name: string): void {
    this.note(name, "started");
  }
  passed(name: string, duration: number | undefined): void {
    this.durations.set(name, duration);
    this.note(name, "passed");
  }
  failed(name: string, duration: number | undefined, captured: string | undefined): void {
    this.durations.set(name, duration);
    if (captured === undefined) this.note(name, "failed");
    else this.captured.set(name, captured);
  }
  ignored(name: string, reason: string | undefined): void {
    this.note(name, reason === undefined ? "ignored" : `ignored: ${reason}`);
  }
  errored(name: string, _duration: number | undefined, message: string): void {
    this.messages.set(name, message);
    this.note(name, "errored");
  }
  missing(name: string): void {
    this.note(name, "missing");
  }
  output(text: string): void {
    this.text += text;
  }

  last(name: string): string | undefined {
    return this.events.get(name)?.at(-1);
  }

  private note(name: string, event: string): void {
    this.events.set(name, [...(this.events.get(name) ?? []), event]);
  }
}

const NAMES = [
  "equal",
  "equal_with_words",
  "unequal",
  "plain",
  "silent",
  "other_words",
  "right_words",
  "result",
  "skipped",
]
  .concat("skipped_for_a_reason", "bytes", "thread", "thread_then_fails", "imitation", "imitation_past_capture")
  .map((name) => `tests::${name}`);

async function run(
  names: readonly string[],
  env: Readonly<Record<string, string | null>> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Recorder> {
  const recorder = new Recorder();
  const command = {
    argv: [program, "--exact", ...names],
    cwd: folder,
    env: programEnvironment(process.env, { RUST_BACKTRACE: null, ...env }),
  };
  await runLibtest({ command, names }, recorder, signal);
  return recorder;
}

const FAILED = ["equal", "equal_with_words", "unequal", "plain", "silent", "other_words", "result", "thread_then_fails"]
  .concat("imitation")
  .map((name) => `tests::${name}`);

describe.each([["1"], ["2"], ["7"]])("with %s threads", (threads) => {
  it("gives every test its result", async () => {
    const recorder = await run(NAMES, { RUST_TEST_THREADS: threads });
    const results = Object.fromEntries(NAMES.map((name) => [name, recorder.last(name)]));
    const expected = Object.fromEntries(NAMES.map((name) => [name, FAILED.includes(name) ? "failed" : "passed"]));
    expected["tests::skipped"] = "ignored";
    expected["tests::skipped_for_a_reason"] = "ignored: a reason";
    expect(results).toEqual(expected);
    for (const name of NAMES) expect(recorder.events.get(name)?.[0]).toBe("started");
    expect([...recorder.captured.keys()].sort()).toEqual([...FAILED].sort());
    expect(recorder.text).toContain("raw \ufffd bytes, no newline");
  });

  it("finds what each failed test printed, whatever others print", async () => {
    const recorder = await run(NAMES, { RUST_TEST_THREADS: threads });
    const captured = (name: string): string => recorder.captured.get(`tests::${name}`) ?? "";
    expect(captured("plain")).toMatch(/^printed\nprinted, too\n/);
    expect(captured("imitation")).toMatch(/---- tests::unequal stdout ----\nnot real[^]*several\nlines/);
    expect(captured("unequal")).not.toContain("not real");
    expect(captured("unequal")).toContain("left != right");
    expect(captured("silent")).toMatch(/^note: test did not panic as expected/);
  });
});

describe("failures", () => {
  let recorder: Recorder;
  beforeAll(async () => {
    recorder = await run(NAMES);
  });
  const first = (name: string) => parseFailure(recorder.captured.get(`tests::${name}`) ?? "", `tests::${name}`)[0];
  const lineOf = (text: string): number => SOURCE.slice(0, SOURCE.indexOf(text)).split("\n").length;

  it("have both sides of an equality, at its line", () => {
    expect(first("equal")).toMatchObject({
      expected: "3",
      actual: "2",
      place: { file: "lib.rs", line: lineOf("fn equal()") },
    });
    expect(first("equal_with_words")).toMatchObject({ expected: '"c"', actual: String.raw`"a\nb"` });
    expect(first("equal_with_words")?.message).toContain("with more\nwords");
    expect(first("unequal")).toMatchObject({ expected: undefined, actual: undefined });
    expect(first("unequal")?.message).toContain("left != right");
  });

  it("have the message of a panic, and nothing behind it", () => {
    expect(first("plain")).toMatchObject({ message: "one is not > 2", place: { line: lineOf("fn plain()") } });
    expect(first("imitation")?.message).toBe("several\nlines");
  });

  it("of should_panic say what was expected", () => {
    expect(first("silent")?.message).toBe("the test did not panic as expected");
    expect(first("silent")?.place?.line).toBe(lineOf("fn silent()"));
    expect(first("other_words")).toMatchObject({ expected: '"abc"', actual: '"def"' });
  });

  it("of returned errors show them", () => {
    expect(first("result")?.message).toBe("Error: ParseIntError { kind: InvalidDigit }");
  });

  it("are those of the test's own thread first", () => {
    const failures = parseFailure(recorder.captured.get("tests::thread_then_fails") ?? "", "tests::thread_then_fails");
    expect(failures.map((failure) => failure.message.split("\n")[0])).toEqual([
      "called `Result::unwrap()` on an `Err` value: Any { .. }",
      "in a thread",
    ]);
  });

  it("have the stack when the environment asks for it", async () => {
    const traced = await run(["tests::plain"], { RUST_BACKTRACE: "1" });
    const failure = parseFailure(traced.captured.get("tests::plain") ?? "", "tests::plain")[0];
    expect(failure?.message).toBe("one is not > 2");
    expect(failure?.frames.map((frame) => frame.name)).toContainEqual(expect.stringMatching(/::tests::plain$/));
  });
});

describe("a harness that ends early", () => {
  it("leaves no test without a result, and says which ran", async () => {
    const names = ["crash::aborts", "crash::zz_last", "tests::thread"];
    const recorder = await run(names, { RUST_TEST_THREADS: "1" });
    expect(recorder.messages.get("crash::aborts")).toMatch(/ended by SIGABRT .* while this test was running/);
    expect(recorder.messages.get("crash::zz_last")).toMatch(/SIGABRT .* while it ran crash::aborts, so/);
    expect(recorder.last("tests::thread")).toBe("errored");
  });

  it("by exiting, well or not, is told as well", async () => {
    for (const [name, code] of [
      ["crash::exits", 7],
      ["crash::exits_well", 0],
    ] as const) {
      const recorder = await run([name, "crash::zz_last"], { RUST_TEST_THREADS: "1" });
      expect(recorder.messages.get(name)).toContain(`exit code ${code}`);
      expect(recorder.last("crash::zz_last")).toBe("errored");
    }
  });

  it("by a stack overflow is blamed on the test that it names", async () => {
    const recorder = await run(["crash::overflows", "crash::sleeps_long"], { RUST_TEST_THREADS: "2" });
    expect(recorder.messages.get("crash::overflows")).toMatch(/while this test was running\.[^]*overflowed its stack/);
    expect(recorder.messages.get("crash::sleeps_long")).toContain("while it ran crash::overflows");
  });
});

it("ends when it is cancelled, and says nothing of what did not end", async () => {
  const controller = new AbortController();
  const names = ["crash::sleeps_long"];
  const recorder = new (class extends Recorder {
    override started(name: string): void {
      super.started(name);
      controller.abort();
    }
  })();
  const command = { argv: [program, "--exact", ...names], cwd: folder, env: programEnvironment(process.env) };
  await runLibtest({ command, names }, recorder, controller.signal);
  expect(recorder.events.get("crash::sleeps_long")).toEqual(["started"]);
});

it("tells of tests that the program does not have", async () => {
  const recorder = await run(["tests::thread", "tests::gone"]);
  expect(recorder.last("tests::gone")).toBe("missing");
  expect(recorder.last("tests::thread")).toBe("passed");
});

it("gives tests the time from when each began until its result was printed", () => {
  const clock = vi.spyOn(performance, "now");
  onTestFinished(() => clock.mockRestore());
  const names = ["timed::a_long", "timed::b_short", "timed::c_short"];
  const recorder = new Recorder();
  const watched = watchLibtest(names, { RUST_TEST_THREADS: "2" }, recorder);
  const print = (ms: number, text: string): void => {
    clock.mockReturnValue(ms);
    watched.onOutput(text);
  };
  print(1000, "\nrunning 3 tests\n");
  print(1100, "test timed::b_short ... ok\n");
  print(1210, "test timed::c_short ... ok\n");
  print(1600, "test timed::a_long ... ok\n");
  expect(names.map((name) => recorder.durations.get(name))).toEqual([600, 100, 110]);
});

it("lists a program's tests in the order in which they start", async () => {
  const listing = await listTests({ argv: [program, ...LIST_ARGUMENTS], cwd: folder, env: process.env });
  const names = "tests" in listing ? listing.tests.map((test) => test.name) : [];
  expect(names).toContain("tests::skipped");
  expect(libtestOrder([...names].reverse())).toEqual(names);
  expect(parseListing("noise\ntests::a: test\nb: benchmark\n")).toEqual([
    { name: "tests::a", kind: "test" },
    { name: "b", kind: "bench" },
  ]);
});

it("says why a program cannot be listed", async () => {
  const list = (script: string, limit?: number) =>
    listTests({ argv: ["/bin/sh", "-c", script], cwd: folder, env: process.env }, undefined, limit);
  expect(await list("echo no such thing >&2; exit 3")).toEqual({
    problem: "it could not list its tests (exit code 3): no such thing",
  });
  expect(await list("sleep 600", 50)).toMatchObject({ problem: expect.stringContaining("within") as unknown });
  const missing = { argv: [path.join(folder, "no-program")], cwd: folder, env: process.env };
  expect(await listTests(missing)).toMatchObject({ problem: expect.stringContaining("ENOENT") as unknown });
});

it("reads the panics of older compilers", () => {
  const old = [
    "thread 'tests::it' panicked at 'assertion failed: `(left == right)`",
    "  left: `1`,",
    " right: `2`: words', src/lib.rs:10:5",
    "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
  ].join("\n");
  expect(parseFailure(old, "tests::it")[0]).toMatchObject({
    expected: "2",
    actual: "1",
    place: { file: "src/lib.rs", line: 10, column: 5 },
  });
});

it("is what this toolchain prints", () => {
  // If libtest's format changes, the tests above tell what is read wrong; this one shows it.
  const { stdout } = spawnSync(program, ["--exact", "tests::thread"], { encoding: "utf8" });
  expect(stdout).toMatch(/^\nrunning 1 test\ntest tests::thread \.\.\. ok\n\ntest result: ok\. 1 passed;/);
});
