/** Statics of one path in a generic function, as each event of `tracing` has one: an edited caller uses the program's, each for its own. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, manifest } from "./project.js";
import { Session } from "./session.js";

const MAIN = `use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

macro_rules! event { ($by:expr) => {{ static CALLS: AtomicU32 = AtomicU32::new(0); CALLS.fetch_add($by, Relaxed) }} }

fn record<T: Display>(value: T) -> String {
    let first = event!(1);
    let second = event!(100);
    format!("{value}: {first} {second}")
}

fn before() -> String { record(1u8) + " " + &record('x') }

fn edited() -> String {
    record(2u8)
}

fn main() {
    println!("{} {} {}", before(), edited(), before());
}
`;

describe.runIf(HAS_ENGINE)("statics of one path", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.open("gstat", { "Cargo.toml": manifest("gstat"), "src/main.rs": MAIN });
    await session.save(["src/main.rs", "record(2u8)", "record(3u8)"]);
    await session.follow();
  });
  afterEach(() => session.follow());
  afterAll(() => session.remove());

  it("are told from each other by their places in the function", async () => {
    const report = await session.save(["src/main.rs", "record(3u8)", "record(4u8) + &record('y')"]);
    expect(report).toMatchObject({ ok: true, lane: "body" });
    expect(session.statistics.overlaid).toEqual([]);
    expect(session.output()).toBe(session.native());
  });

  it("are never taken for each other in an instance that the program does not have", async () => {
    const report = await session.save(["src/main.rs", "record(4u8)", "record(5u64)"]);
    expect(report.ok).toBe(true);
    expect(session.output()).toBe(session.native());
  });
});
