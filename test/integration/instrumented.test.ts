/** Functions under `#[instrument]`, and events, with the real `tracing`: their call sites are statics that macros make. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = `mod jobs;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, info, instrument};

/** Prints everything that there is to know of a call site. */
struct Printer(AtomicU64);
struct Values;
impl Visit for Values {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) { println!("  {field} = {value:?}") }
}
fn describe(what: &str, data: &Metadata<'_>) {
    println!("{what} {} {} {} {:?}:{:?}", data.level(), data.name(), data.target(), data.file(), data.line());
}
impl Subscriber for Printer {
    fn enabled(&self, _: &Metadata<'_>) -> bool { true }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        describe("span", span.metadata());
        span.record(&mut Values);
        Id::from_u64(self.0.fetch_add(1, Relaxed) + 1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) { values.record(&mut Values) }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        describe("event", event.metadata());
        event.record(&mut Values);
    }
    fn enter(&self, id: &Id) { println!("enter {}", id.into_u64()) }
    fn exit(&self, id: &Id) { println!("exit {}", id.into_u64()) }
}

#[instrument]
fn plain(number: u32) -> u32 {
    info!("plain-1");
    number + 1
}

#[instrument(skip_all, fields(text = %text.len()), err)]
fn fails(text: &str) -> Result<u32, String> {
    let number: u32 = text.parse().map_err(|_| String::from("fails-1"))?;
    Ok(number)
}

#[tracing::instrument(level = "debug", ret)]
async fn later(number: u32) -> u32 {
    std::future::ready(number).await + 5
}

fn events() {
    for turn in 0..2 {
        info!(turn, "events-1");
    }
}

fn main() {
    tracing::subscriber::set_global_default(Printer(AtomicU64::new(0))).unwrap();
    println!("{} {:?} {:?}", plain(1), fails("7"), fails("x"));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    println!("{:?}", std::pin::pin!(later(2)).poll(&mut context));
    events();
    println!("{} {}", jobs::Job(3).run(), jobs::Run::times(&jobs::Job(4), 2));
}
`;

const JOBS = `use tracing::{debug, instrument, warn};

#[derive(Debug)]
pub struct Job(pub u32);
pub trait Run {
    fn times(&self, n: u32) -> u32;
}
impl Job {
    #[instrument]
    pub fn run(&self) -> u32 {
        debug!("run-1");
        self.0
    }
}
impl Run for Job {
    #[instrument(skip(self))]
    fn times(&self, n: u32) -> u32 {
        warn!(n, "times-1");
        self.0 * n
    }
}
`;

const FILES = {
  "Cargo.toml":
    '[package]\nname = "traced"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\ntracing = "0.1"\n[workspace]\n',
  "src/main.rs": MAIN,
  "src/jobs.rs": JOBS,
};

const main = "src/main.rs";
const jobs = "src/jobs.rs";

const TAKEN: readonly (readonly [what: string, how: "patch" | "overlay", change: Change])[] = [
  ["a literal", "patch", [main, "number + 1", "number + 10"]],
  ["a message", "patch", [main, "plain-1", "plain-2"]],
  ["an event's level", "patch", [main, 'info!("plain-2")', 'tracing::error!("plain-2")']],
  ["a closure, and an early return", "patch", [main, "fails-1", "fails-2"]],
  ["an async fn", "patch", [main, ".await + 5", ".await + 6"]],
  [
    "an event behind another one",
    "patch",
    [main, 'info!(turn, "events-1");', 'info!(turn, "events-1"); tracing::warn!("new");'],
  ],
  ["an event in front of another one", "patch", [main, "info!(turn", 'tracing::trace!(turn, "first"); info!(turn']],
  ["an event that goes", "patch", [main, 'tracing::trace!(turn, "first"); ', ""]],
  ["a method", "patch", [jobs, "run-1", "run-2"]],
  ["a method of a trait", "overlay", [jobs, "self.0 * n", "self.0 + n"]],
];

describe.runIf(HAS_ENGINE)("instrumented functions", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.open("traced", FILES);
    await session.save([main, "Printer(AtomicU64::new(0))", "Printer(AtomicU64::new(100))"]);
    await session.follow();
    expect(session.output()).toBe(session.native());
  });
  afterAll(() => session.remove());

  it.each(TAKEN)("%s is edited: %s", async (_, how, change) => {
    const before = session.statistics;
    const { lane, refused } = await session.save(change);
    expect({ lane, refused }).toEqual({ lane: "body", refused: undefined });
    expect(session.statistics.patched - before.patched, JSON.stringify(session.statistics.overlaid)).toBe(
      how === "patch" ? 1 : 0,
    );
    const taken = session.output();
    expect(taken).toBe(session.native());
    expect(await session.follow()).toBeGreaterThan(0);
    expect(session.output()).toBe(taken);
  });

  it("are the crate lane's under a macro of that name that nobody knows", async () => {
    await session.save(
      [main, "info, instrument}", "info}"],
      [main, "mod jobs;", "mod jobs;\nuse tracing::instrument as observe;"],
      [main, "#[instrument]", "#[observe]"],
      [main, "#[instrument(skip_all", "#[observe(skip_all"],
    );
    await session.follow();
    const report = await session.save([main, "number + 10", "number + 11"]);
    expect(report).toMatchObject({ ok: true, lane: "crate" });
    expect(report.refused).toContain("the attribute #[observe] may be a macro");
    expect(session.output()).toBe(session.native());
  });
});
