/** clap finds an argument's value by the identity of its type, which must be the same in an edited function and in the rest. */
import { afterEach, describe, expect, it } from "vitest";
import { HAS_ENGINE, Project } from "./project.js";
import { type Change, Session } from "./session.js";

const MAIN = `use clap::{Arg, ArgMatches, Command, builder::TypedValueParser, value_parser};
use std::str::FromStr;
#[derive(Clone, Debug, PartialEq)]
struct Port(u16);
impl FromStr for Port {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Port).map_err(|error| format!("no port: {error}"))
    }
}
#[derive(Clone, Debug)]
enum Mode { Fast, Slow(u32) }
fn mode(text: &str) -> Result<Mode, String> {
    match text { "fast" => Ok(Mode::Fast), other => other.parse().map(Mode::Slow).map_err(|_| "no mode".to_owned()) }
}
fn command() -> Command {
    Command::new("demo")
        .arg(Arg::new("port").long("port").value_parser(value_parser!(Port)).default_value("80"))
        .arg(Arg::new("mode").long("mode").value_parser(mode).default_value("fast"))
        .arg(Arg::new("size").long("size").value_parser(value_parser!(u64).map(|size| Port(size as u16))).default_value("3"))
        .arg(Arg::new("words").num_args(0..).value_parser(clap::builder::NonEmptyStringValueParser::new()))
}
fn port(matches: &ArgMatches) -> String {
    format!("port 0 {:?}", matches.get_one::<Port>("port"))
}
fn others(matches: &ArgMatches) -> String {
    let words: Vec<&String> = matches.get_many("words").into_iter().flatten().collect();
    format!("others 0 {:?} {:?} {words:?}", matches.get_one::<Mode>("mode").unwrap(), matches.get_one::<Port>("size"))
}
fn mistaken(matches: &ArgMatches) -> String {
    format!("mistaken 0 {}", matches.try_get_one::<u16>("port").is_err())
}
fn main() {
    let matches = command().get_matches_from(["demo", "--port", "443", "--mode", "7", "a", "b"]);
    println!("{} {} {}", port(&matches), others(&matches), mistaken(&matches));
}
`;

const FILES = {
  "Cargo.toml":
    '[package]\nname = "demo"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\nclap = { version = "4", default-features = false, features = ["std"] }\n',
  "src/main.rs": MAIN,
};

describe.runIf(HAS_ENGINE)("a program whose arguments have types of its own", () => {
  let session: Session | undefined;
  afterEach(() => session?.remove());

  it("finds them after edits of who makes and of who takes them", async () => {
    session = await Session.of(new Project("arguments", FILES), ["src/main.rs"]);
    expect(session.output()).toBe(session.native());
    await session.follow();
    const edits: Change[] = [
      ["src/main.rs", "port 0", "port 1"],
      ["src/main.rs", "others 0", "others 1"],
      ["src/main.rs", "mistaken 0", "mistaken 1"],
      ["src/main.rs", "map(Port)", "map(|port: u16| Port(port + 1))"],
      ["src/main.rs", 'default_value("3")', 'default_value("4")'],
      ["src/main.rs", "Port(size as u16)", "Port(size as u16 + 1)"],
      ["src/main.rs", "map(Mode::Slow)", "map(|slow: u32| Mode::Slow(slow * 2))"],
    ];
    for (const edit of edits) {
      const report = await session.save(edit);
      expect(report, JSON.stringify(edit)).toMatchObject({ lane: "body", ok: true });
      const output = session.output();
      expect(output).toBe(session.native());
      await session.follow();
      expect(session.output()).toBe(output);
    }
  });
});
