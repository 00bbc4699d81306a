/**
 * Workspaces of any number of functions, the same for the same numbers: a crate with what all share, crates that form a tree, and a
 * program that runs every function of them, or a part, and prints a checksum of what they gave.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { KIT_FUNCTIONS, moduleText } from "./kit.js";

export interface Shape {
  /** At least so many functions with code. */
  readonly functions: number;
  readonly crates: number;
}

/** Files of about 400 lines. */
const KITS_A_MODULE = 4;

export const PROGRAM = "app";

export interface Generated {
  readonly folder: string;
  readonly program: typeof PROGRAM;
  /** Absolute path of the file with `EDITED_BODY` and `EDITED_ITEM`. */
  readonly edited: string;
}

/** Writes a workspace below `folder`, or leaves it if it is there whole. */
export function generate(shape: Shape, folder: string): Generated {
  const edited = Math.floor(shape.crates / 2);
  const generated = { folder, program: PROGRAM, edited: path.join(folder, crateName(edited), "src/m0.rs") } as const;
  const stamp = path.join(folder, "shape.json");
  const wanted = JSON.stringify(shape);
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === wanted) return generated;
  fs.rmSync(folder, { recursive: true, force: true });
  const names = Array.from({ length: shape.crates }, (_, index) => crateName(index));
  const write = (file: string, text: string): void => {
    const whole = path.join(folder, file);
    fs.mkdirSync(path.dirname(whole), { recursive: true });
    fs.writeFileSync(whole, text);
  };
  write("Cargo.toml", `[workspace]\nresolver = "2"\nmembers = ["base", "${PROGRAM}", "c*"]\n`);
  write("base/Cargo.toml", manifest("base", []));
  write("base/src/lib.rs", BASE);
  const kits = Math.ceil(shape.functions / KIT_FUNCTIONS / shape.crates);
  names.forEach((name, index) => {
    const below = index === 0 ? undefined : crateName((index - 1) >> 1);
    write(`${name}/Cargo.toml`, manifest(name, below === undefined ? ["base"] : ["base", below]));
    const modules = Math.ceil(kits / KITS_A_MODULE);
    write(`${name}/src/lib.rs`, crateText(modules, index * kits));
    for (let module = 0; module < modules; module++) {
      const text = moduleText({
        first: index * kits + module * KITS_A_MODULE,
        kits: Math.min(KITS_A_MODULE, kits - module * KITS_A_MODULE),
        below,
        isEdited: index === edited && module === 0,
      });
      write(`${name}/src/m${module}.rs`, text);
    }
  });
  write(`${PROGRAM}/Cargo.toml`, manifest(PROGRAM, names));
  write(`${PROGRAM}/src/main.rs`, programText(names, crateName(edited)));
  fs.writeFileSync(stamp, wanted);
  return generated;
}

function crateName(index: number): string {
  return `c${String(index).padStart(3, "0")}`;
}

function manifest(name: string, dependencies: readonly string[]): string {
  const lines = dependencies.map((dependency) => `${dependency} = { path = "../${dependency}" }\n`);
  return `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2024"\n\n[dependencies]\n${lines.join("")}`;
}

const BASE = `//! What all crates share.

/// Something that goes on.
pub trait Step {
    /// Goes on.
    fn step(&mut self, by: u64) -> u64;
    /// What it is called.
    fn name(&self) -> &'static str;
}

/// Runs one of \`every\` modules, and counts them.
pub fn run(modules: &[fn(u64) -> u64], every: usize, seed: u64) -> (usize, u64) {
    let chosen = modules.iter().step_by(every);
    chosen.fold((0, seed), |(count, sum), run| (count + 1, run(sum)))
}
`;

function crateText(modules: number, first: number): string {
  const numbers = Array.from({ length: modules }, (_, index) => index);
  return `#![allow(unused_comparisons)]
${numbers.map((number) => `pub mod m${number};\n`).join("")}
const MODULES: [fn(u64) -> u64; ${modules}] = [${numbers.map((number) => `m${number}::run`).join(", ")}];

/// Runs one of \`every\` modules, and counts them.
pub fn run(every: usize, seed: u64) -> (usize, u64) {
    base::run(&MODULES, every, seed)
}

/// What crates above call.
pub fn entry(seed: u64) -> u64 {
    m0::check${first}::<1>(seed)
}
`;
}

function programText(crates: readonly string[], edited: string): string {
  return `//! Runs one of so many modules of each crate as its argument says, all of them without one.

const CRATES: [fn(usize, u64) -> (usize, u64); ${crates.length}] = [${crates.map((name) => `${name}::run`).join(", ")}];

fn main() {
    let every = std::env::args().nth(1).map_or(1, |text| text.parse().expect("a number"));
    let (mut modules, mut sum) = (0, 1);
    for run in CRATES {
        let (count, next) = run(every, sum);
        modules += count;
        sum = next;
    }
    println!("modules {modules}, checksum {sum:016x}, mark {}", ${edited}::m0::mark(0));
}
`;
}
