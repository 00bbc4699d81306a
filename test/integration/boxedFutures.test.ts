/** Impls whose futures a macro boxes, with the real `async-trait`: nobody but the function itself knows the future's type. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE } from "./project.js";
import { type Change, Session } from "./session.js";

const FILES = {
  "Cargo.toml": `[package]
name = "boxed"
version = "0.1.0"
edition = "2021"
[dependencies]
async-trait = "0.1"
[workspace]
`,
  "src/main.rs": `use async_trait::async_trait;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

#[async_trait]
trait Greeter {
    async fn greet(&self, name: &str) -> String;
    async fn count(&mut self, by: u32) -> Result<u32, String>;
    fn plain(&self) -> u32;
}

struct Yield(bool);
impl Future for Yield {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

struct Loud(String);
impl Drop for Loud {
    fn drop(&mut self) {
        println!("drop {}", self.0);
    }
}

struct Service {
    counter: u32,
}

async fn helper(n: u32) -> u32 {
    Yield(false).await;
    n + 1
}

#[async_trait]
impl Greeter for Service {
    async fn greet(&self, name: &str) -> String {
        Yield(false).await;
        format!("hello, {name} {}", self.counter)
    }

    async fn count(&mut self, by: u32) -> Result<u32, String> {
        self.counter += by;
        if self.counter > 100 {
            return Err("too many".to_owned());
        }
        Ok(helper(self.counter).await)
    }

    fn plain(&self) -> u32 {
        self.counter * 2
    }
}

struct Generic<T>(T);

#[async_trait]
impl<T: Clone + Send + Sync + std::fmt::Debug> Greeter for Generic<T> {
    async fn greet(&self, name: &str) -> String {
        format!("generic {name} {:?}", self.0)
    }
    async fn count(&mut self, by: u32) -> Result<u32, String> {
        Ok(by)
    }
    fn plain(&self) -> u32 {
        7
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn main() {
    let mut all: Vec<Box<dyn Greeter>> = vec![Box::new(Service { counter: 1 }), Box::new(Generic("x"))];
    for greeter in &mut all {
        println!("{}", block_on(greeter.greet("you")));
        println!("{:?} {:?}", block_on(greeter.count(50)), block_on(greeter.count(60)));
        println!("{}", greeter.plain());
    }
    // A future that is dropped while it waits.
    let mut greet = all[0].greet("nobody");
    let mut context = Context::from_waker(Waker::noop());
    println!("{}", greet.as_mut().poll(&mut context).is_pending());
}
`,
};

const main = "src/main.rs";

const TAKEN: readonly (readonly [change: Change, shown: string])[] = [
  [[main, "hello, {name}", "good day, {name}"], "good day, you 1"],
  [
    [
      main,
      "        Yield(false).await;\n        format!",
      "        let loud = Loud(name.to_owned());\n        Yield(false).await;\n        Yield(false).await;\n        drop(loud);\n        format!",
    ],
    "drop nobody",
  ],
  [
    [main, "Ok(helper(self.counter).await)", "let n = helper(self.counter).await;\n        Ok(n + helper(n).await)"],
    "Ok(105) Err",
  ],
  [[main, "self.counter > 100", "self.counter > 1000"], "Ok(225)"],
  [[main, "self.counter * 2", "self.counter * 3"], "333"],
  [
    [
      main,
      "    async fn count(&mut self, by: u32) -> Result<u32, String> {\n        self.counter += by;",
      "    async fn count(&mut self, by: u32) -> Result<u32, String> {\n        let closure = |n: u32| n + 1;\n        self.counter += closure(by);",
    ],
    "",
  ],
];

describe.runIf(HAS_ENGINE)("an impl under #[async_trait]", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.open("boxed", FILES);
    await session.save([main, "fn main() {", "fn main() { "]);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each(TAKEN)("%s", async (change, shown) => {
    const { lane, refused } = await session.save(change);
    expect({ lane, refused }).toEqual({ lane: "body", refused: undefined });
    expect(await session.runsAsNative()).toContain(shown);
  });

  it("may be edited one after the other", async () => {
    for (const [[file, from, to]] of TAKEN) {
      const { lane, refused } = await session.save([file, to, from]);
      expect({ lane, refused }).toEqual({ lane: "body", refused: undefined });
      expect(session.output()).toBe(session.native());
    }
    await session.runsAsNative();
  });

  it("is the crate lane's where its functions are others", async () => {
    const report = await session.save([
      main,
      "fn plain(&self) -> u32 {\n        7",
      "#[inline(never)]\n    fn plain(&self) -> u32 {\n        8",
    ]);
    expect(report.ok).toBe(true);
    await session.runsAsNative();
  });
});
