//! Frames are about as large as a native debug build's: what does not overflow its stack there does not here.

mod support;

use support::{Daemon, Project, text};

/// Bytes of stack that a level of each of these recursions takes.
const RECURSIONS: &str = r#"
use std::hint::black_box;
fn here() -> usize { let place = 0u8; black_box(&place) as *const u8 as usize }
const LEVELS: u32 = 100;
thread_local!(static LOWEST: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });
fn reached() { LOWEST.set(here()) }

#[inline(never)] fn formats(level: u32) -> u32 {
    let text = black_box(format!("{level}"));
    if level == LEVELS { reached(); return text.len() as u32 }
    formats(level + 1).max(text.len() as u32)
}
enum Tree { Leaf(u32), Node(Box<Tree>, Box<Tree>) }
#[inline(never)] fn sums(tree: &Tree) -> u32 {
    match tree {
        Tree::Leaf(value) => { reached(); *value }
        Tree::Node(a, b) => sums(a).wrapping_add(if let Tree::Leaf(value) = **b { value } else { 0 }),
    }
}
#[inline(never)] fn fails(level: u32) -> Result<u32, String> {
    if level == LEVELS { reached(); return "7".parse::<u32>().map_err(|error| error.to_string()) }
    let next = fails(level + 1)?;
    let digits: Vec<u32> = next.to_string().chars().map(|digit| digit.to_digit(10).ok_or("no digit")).collect::<Result<_, _>>()?;
    Ok(digits.iter().sum::<u32>() + level)
}
#[inline(never)] fn iterates(level: u32) -> u32 {
    if level == LEVELS { reached(); return 1 }
    (0..1).map(|step| iterates(level + 1 + step)).filter(|value| *value > 0).sum()
}
#[inline(never)] fn copies(level: u32, block: [u64; 16]) -> u64 {
    let mut mine = block;
    mine[level as usize % 16] += 1;
    if level == LEVELS { reached(); return mine.iter().sum() }
    copies(level + 1, mine)
}
fn main() {
    let tree = (0..LEVELS).fold(Tree::Leaf(1), |tree, value| Tree::Node(Box::new(tree), Box::new(Tree::Leaf(value))));
    let tell = |name: &str, run: &dyn Fn()| {
        let start = here();
        run();
        println!("{name} {}", (start - LOWEST.get()) / LEVELS as usize);
    };
    tell("formats", &|| { black_box(formats(0)); });
    tell("sums", &|| { black_box(sums(&tree)); });
    tell("fails", &|| { black_box(fails(0)).unwrap(); });
    tell("iterates", &|| { black_box(iterates(0)); });
    tell("copies", &|| { black_box(copies(0, [0; 16])); });
}
"#;

#[test]
fn recursion_goes_about_as_deep_as_natively() {
    let mut project = Project::new("stack");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, RECURSIONS);
    let told = |output: std::process::Output| -> Vec<(String, f64)> {
        let text = text(&output.stdout);
        let lines = text.lines().map(|line| line.split_once(' ').unwrap());
        lines.map(|(name, bytes)| (name.to_owned(), bytes.parse().unwrap())).collect()
    };
    let (native, ours) = (told(project.native(&[])), told(project.run(&[])));
    assert_eq!((native.len(), ours.len()), (5, 5));
    let depths: Vec<(&str, f64)> =
        native.iter().zip(&ours).map(|((name, native), ours)| (&**name, native / ours.1)).collect();
    println!("{native:?} {ours:?} {depths:.2?}");
    assert!(depths.iter().all(|(_, depth)| *depth >= 0.9), "{depths:.2?}");
}
