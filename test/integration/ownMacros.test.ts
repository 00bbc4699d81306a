/** Edits of functions that use macros by example of their own module: what these make is at the macro's own lines. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HAS_ENGINE, manifest } from "./project.js";
import { Session } from "./session.js";

const MAIN = `mod inner;

/** The places of all frames of functions with such a name. */
fn frames(of: &str) -> Vec<String> {
    let trace = std::backtrace::Backtrace::force_capture().to_string();
    let lines: Vec<&str> = trace.lines().map(str::trim).collect();
    let found = lines.windows(2).filter(|pair| pair[0].ends_with(of));
    found.map(|pair| pair[1].rsplit('/').next().unwrap_or_default().to_string()).collect()
}

macro_rules! traced {
    ($of:expr, $number:expr) => {{
        let number = $number;
        format!(
            "{:?} {number} {}",
            frames(
                $of
            ),
            line!(),
        )
    }};
}

macro_rules! twice {
    ($e:expr) => {
        [$e, traced!("twice", 0)]
    };
}

fn first() -> String {
    let number = 1;
    traced!("first", number)
}

macro_rules! again { () => { 1 } }

fn before() -> u32 {
    again!() + 10
}

macro_rules! again { () => { 2 } }

fn after() -> u32 {
    again!() + 100
}

fn twice() -> [String; 2] {
    twice!(traced!("twice", 20))
}

fn main() {
    println!("{} {} {}", first(), before(), after());
    println!("{:?} {}", twice(), inner::shown());
}
`;

const INNER = `use crate::frames;

pub fn shown() -> String {
    let number = 300;
    made!(number) + &deep::called()
}

macro_rules! made {
    ($number:expr) => {
        format!("{:?}",
            (frames("shown"), $number))
    };
}
pub(crate) use made;

pub mod deep {
    use crate::frames;

    macro_rules! called {
        () => {
            frames("called")
        };
    }

    pub fn called() -> String {
        let number = 4000;
        format!("{:?} {number}", called!())
    }
}
`;

describe.runIf(HAS_ENGINE)("functions with macros of their own module", () => {
  let session: Session;
  beforeAll(async () => {
    const files = { "Cargo.toml": manifest("own"), "src/main.rs": MAIN, "src/inner.rs": INNER };
    session = await Session.open("own", files);
    await session.save(["src/main.rs", "let number = 1;", "let number = 2;"]);
    await session.follow();
  });
  afterAll(() => session.remove());

  it.each([
    ["one that makes a call", "src/main.rs", "let number = 2;", "let number = 3;", '["main.rs:16:13"] 3 32'],
    ["one that another one calls", "src/main.rs", '"twice", 20', '"twice", 30', " 30 "],
    ["one in front of another one of its name", "src/main.rs", "again!() + 10\n", "again!() + 20\n", " 21 "],
    ["one behind another one of its name", "src/main.rs", "again!() + 100", "again!() + 200", " 202\n"],
    ["one that is imported in front of it", "src/inner.rs", "let number = 300;", "let number = 400;", "400)"],
    ["one of an inline module", "src/inner.rs", "let number = 4000;", "let number = 5000;", "inner.rs:21:13"],
  ])("%s", async (_, file, from, to, shown) => {
    expect(await session.takes([[file, from, to]])).toContain(shown);
  });
});
