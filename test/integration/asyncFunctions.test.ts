/** Edits of `async fn`s: the body lane takes those that leave the future what it is to everybody else. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BodyLaneStatistics } from "../../shared/src/report.js";
import { HAS_ENGINE } from "./project.js";
import { Session } from "./session.js";

const MAIN = `mod jobs;
use jobs::{Queue, Step};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

pub struct Yield(bool);
impl Future for Yield {
    type Output = u32;
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
        if self.0 { return Poll::Ready(7) }
        self.0 = true;
        Poll::Pending
    }
}
pub struct Loud(pub &'static str);
impl Drop for Loud {
    fn drop(&mut self) {
        println!("drop {}", self.0);
    }
}

fn run<T>(future: impl Future<Output = T>) -> (u32, T) {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = std::pin::pin!(future);
    for polls in 1.. {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) { return (polls, value) }
    }
    unreachable!()
}

async fn leaf(n: u32) -> u32 { n + 1 }

async fn waits(name: &str) -> String {
    let guard = Loud("guard-1");
    let more = Yield(false).await;
    format!("{name}{more}{}", guard.0.len())
}

async fn twice() -> u32 {
    let first = leaf(1).await;
    let closure = |n: u32| n + first;
    closure(Yield(false).await)
}

async fn outer() -> String {
    let boxed: Pin<Box<dyn Future<Output = String>>> = Box::pin(waits("boxed"));
    let held = Some(twice());
    let size = std::mem::size_of_val(&held);
    let number = held.unwrap().await;
    format!("{} {number} {}", boxed.await, size > 0)
}

async fn kept() -> u32 {
    let bytes = 1u64;
    let value = Yield(false).await;
    value + bytes.count_ones()
}

async fn paused() -> u32 {
    let _ = Yield(std::hint::black_box(true)).await;
    9
}

fn caller() -> String {
    let (polls, text) = run(jobs::short());
    format!("{polls} {text}")
}

fn dropped() {
    let mut future = Box::pin(waits("dropped"));
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

fn main() {
    println!("{:?}", run(outer()));
    println!("{:?} {:?}", run(kept()), run(paused()));
    println!("{:?} {}", run(Queue { jobs: vec![1, 2, 3] }.sum(2)), caller());
    println!("{:?} {}", run(Queue { jobs: vec![4] }.step()), jobs::plain());
    dropped();
    println!("{}", run(async { leaf(3).await + unsafe { jobs::careful(&9) }.await }).1);
}
`;

const JOBS = `pub struct Queue { pub jobs: Vec<u32> }

pub trait Step {
    async fn step(&self) -> u32;
}

impl Queue {
    pub async fn sum(&self, by: u32) -> u32 {
        let mut sum = 0;
        for job in &self.jobs {
            sum += job * by + crate::Yield(false).await;
        }
        sum
    }
}

impl Step for Queue {
    async fn step(&self) -> u32 {
        self.jobs.len() as u32 + 100
    }
}

pub async fn short() -> u32 { 5 }
pub fn plain() -> u32 { 6 }
pub async unsafe fn careful(pointer: *const u32) -> u32 {
    unsafe { *pointer + 1 }
}
`;

const FILES = {
  "Cargo.toml": '[package]\nname = "futures"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
  "src/main.rs": MAIN,
  "src/jobs.rs": JOBS,
};

const main = "src/main.rs";
const jobs = "src/jobs.rs";

/** Edits that leave the future as it is. */
const TAKEN: readonly (readonly [file: string, from: string, to: string])[] = [
  [main, "n + 1 }\n\nasync fn waits", "n + 20 }\n\nasync fn waits"],
  [main, "guard-1", "guard-2"],
  [main, "{name}{more}", "{more}{name}"],
  [main, "|n: u32| n + first", "|n: u32| n * 3 + first"],
  [main, "{number} {}", "{number}/{}"],
  [jobs, "job * by", "job + by"],
  [jobs, "as u32 + 100", "as u32 + 200"],
  [jobs, "{ 5 }", "{ 55 }"],
  [jobs, "*pointer + 1", "*pointer + 2"],
];

/** Edits after which the future is another one, and the reason. */
const LEFT: readonly (readonly [file: string, from: string, to: string, why: string])[] = [
  [main, "Yield(false).await;\n    format!", "Yield(false).await + Yield(false).await;\n    format!", "another layout"],
  [main, "let first = leaf(1).await;", 'let _guard = Loud("first"); let first = leaf(1).await;', "another layout"],
  [jobs, "let mut sum = 0;", 'let _guard = crate::Loud("sum"); let mut sum = 0;', "another layout"],
  [jobs, "{ 55 }", "{ crate::Yield(false).await }", "another layout"],
  [
    jobs,
    "self.jobs.len() as u32 + 200",
    "std::future::ready(()).await; self.jobs.len() as u32 + 200",
    "another layout",
  ],
  [main, "let bytes = 1u64;", "let bytes = Box::new(1u64);", "something to drop now"],
  [
    main,
    "let _ = Yield(std::hint::black_box(true)).await;",
    "let _ = Yield(true).await; let _ = Yield(true).await;",
    "points",
  ],
];

describe.runIf(HAS_ENGINE)("edits of async functions", () => {
  let session: Session;
  const followed = async (): Promise<void> => expect(await session.follow()).toBeGreaterThan(0);

  beforeAll(async () => {
    session = await Session.open("futures", FILES);
    await session.save([main, 'println!("drop {}"', 'println!("dropped {}"']);
    await session.follow();
    expect(session.output()).toBe(session.native());
  });
  afterAll(() => session.remove());

  it.each(TAKEN)("%s: %s → %s is a patch", async (file, from, to) => {
    const before = session.statistics;
    expect(await session.save([file, from, to])).toMatchObject({ lane: "body" });
    expect(session.statistics.overlaid).toEqual(before.overlaid);
    expect(session.statistics.patched).toBe(before.patched + 1);
    const patched = session.output();
    await followed();
    expect(patched).toBe(session.output());
  });

  it("behaves as cargo's build after all of them", () => {
    expect(session.output()).toBe(session.native());
  });

  it("never takes the body of a future, or of a function, from a twin that is behind", async () => {
    // The twin still has the bodies of all these edits; a patch of what calls them must not.
    const before = session.statistics;
    await session.save([jobs, "{ 55 }", "{ 56 }"]);
    await session.save([jobs, "{ 6 }", "{ 66 }"]);
    await followed();
    await session.save([main, 'format!("{polls} {text}")', 'format!("{text} {polls} {}", jobs::plain())']);
    const patched = session.output();
    expect(patched).toContain("56 1 66");
    await followed();
    expect(session.output()).toBe(patched);
    // In one go, too.
    await session.save([jobs, "{ 56 }", "{ 57 }"]);
    await session.save([jobs, "{ 66 }", "{ 67 }"]);
    await session.save([main, 'format!("{text} {polls} {}"', 'format!("{text} {polls}: {}"']);
    expect(session.output()).toContain("57 1: 67");
    expect(session.output()).toBe(session.native());
    await followed();
    expect(session.statistics.refusals).toEqual(before.refusals);
    await session.save([jobs, "{ 57 }", "{ 55 }"]);
    await followed();
  });

  it.each(LEFT)("%s: %s → %s is the crate lane's", async (file, from, to, why) => {
    const before = session.statistics;
    const report = await session.save([file, from, to]);
    expect(report).toMatchObject({ ok: true, lane: "crate" });
    const count = (reasons: BodyLaneStatistics["refusals"]): number =>
      reasons.reduce((sum, { reason, count }) => sum + (reason.includes(why) ? count : 0), 0);
    expect(count(session.statistics.refusals)).toBe(count(before.refusals) + 1);
    expect(session.statistics.taken).toBe(before.taken);
    expect(session.output()).toBe(session.native());
    await session.follow();
  });

  it("takes them through an overlay where there is no patch", async () => {
    // The twin is behind since the crate lane's edits of what it has; it is made when there is time.
    const before = session.statistics;
    await session.save([main, "let closure = |n: u32|", "struct One(u32); let closure = |n: u32| One(1).0 +"]);
    await session.follow();
    await session.save([main, "n * 3 + first", "n * 4 + first"]);
    expect(session.statistics.taken).toBe(before.taken + 1);
    expect(session.statistics.patched).toBe(before.patched);
    const overlaid = session.output();
    expect(overlaid).toBe(session.native());
    await followed();
    expect(session.output()).toBe(overlaid);
  });
});
