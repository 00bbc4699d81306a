/** An `async fn` with another signature is another function, and so is its future. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, manifest } from "./project.js";
import { type Change, Session } from "./session.js";

const FILES = {
  "Cargo.toml": manifest("futures"),
  "src/main.rs": `use std::fmt::Debug;

async fn later(n: u32) -> u32 {
    n
}
async fn held(text: String) -> usize {
    text.len()
}
fn poll<F: Future>(future: F) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}
fn awaited() -> Option<u32> { poll(later(4)) }
fn holds() -> Option<usize> { poll(held("abc".into())) }
fn boxed() -> Option<u32> {
    let future: std::pin::Pin<Box<dyn Future<Output = u32>>> = Box::pin(async { later(5).await + 1 });
    poll(future)
}
fn shown<T: Debug>(value: T) -> String { format!("{value:?}") }
fn main() {
    println!("{} {} {}", shown(awaited()), shown(holds()), shown(boxed()));
}
`,
};

describe.runIf(HAS_ENGINE)("signatures of async functions", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.open("futures", FILES);
    await session.save(["src/main.rs", "poll(later(4))", "poll(later(3))"]);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each<[what: string, changes: readonly Change[], shown: string]>([
    [
      "a parameter's type, and the body",
      [["src/main.rs", "later(n: u32) -> u32 {\n    n\n", "later(n: u64) -> u32 {\n    n as u32 + 10\n"]],
      "Some(13) Some(3) Some(16)",
    ],
    [
      "what has to be dropped",
      [
        [
          "src/main.rs",
          "held(text: String) -> usize {\n    text.len()",
          "held(text: Vec<String>) -> usize {\n    text.len() + 100",
        ],
        ["src/main.rs", 'held("abc".into())', 'held(vec!["a".into(), "b".into()])'],
      ],
      "Some(13) Some(102) Some(16)",
    ],
  ])("%s", async (_, changes, shown) => {
    expect(await session.takes(changes)).toContain(shown);
  });
});
