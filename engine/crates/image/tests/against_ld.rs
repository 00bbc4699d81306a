//! The image against the system's linker: the same objects through both, and programs that must not differ.
//!
//! Objects go into an image in two [ways](support::Way): whole, as the assembly of a unit, where the image reads sections, symbols and
//! relocations as a linker does; and taken apart, as functions and variables of a unit, as if they came from bitcode.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use cranefly_image::{AssemblyConstruct, Error, LinkerOnly};
use object::{Object, ObjectSection, ObjectSymbol};
use support::{BOTH, Bench, Way};

#[test]
fn code_and_data_refer_to_each_other() {
    let bench = Bench::new("data");
    let (a, b) = (bench.compile("data_a.c", &[]), bench.compile("data_b.c", &[]));
    let printed = bench.compare(&[&a, &b], &BOTH);
    assert!(printed.starts_with("first 12 99\nown 11 200\nother -7 300\n"), "{printed}");
}

#[test]
fn thread_locals_are_every_threads_own() {
    let bench = Bench::new("locals");
    let (a, b) = (bench.compile("locals_a.c", &[]), bench.compile("locals_b.c", &[]));
    let printed = bench.compare(&[&a, &b], &BOTH);
    assert!(printed.starts_with("main: 42 3 1 1 12 3 5 1001 7 0\nthread: 42 3 1 1 12 3 5 1001 7 0\n"), "{printed}");
}

#[test]
fn constructors_and_destructors_run_in_their_order() {
    let bench = Bench::new("order");
    let (a, b) = (bench.compile("order_a.c", &[]), bench.compile("order_b.c", &[]));
    let printed = bench.compare(&[&a, &b], &BOTH);
    assert!(
        printed.starts_with("a: earlier\nb: earlier\na: early\nb: early\na: late\nb: late\na: plain\n"),
        "{printed}"
    );
    assert!(printed.ends_with("b: exit_early\na: exit_early\n"), "{printed}");
}

#[test]
fn weak_definitions_give_way() {
    let bench = Bench::new("weak");
    let (a, b) = (bench.compile("weak_a.c", &[]), bench.compile("weak_b.c", &[]));
    let printed = bench.compare(&[&a, &b], &BOTH);
    assert_eq!(printed, "1 12 3 7\n14 5 6\n1 1 6\n1 12 3 1\n1 12 3 7 14 6\n");
    // The first of them counts, wherever it is.
    let c = bench.compile("weak_c.c", &[]);
    const WAYS: [&[Way]; 4] = [
        &[Way::Unit, Way::Unit, Way::Unit],
        &[Way::Assembly, Way::Unit, Way::Unit],
        &[Way::Unit, Way::Assembly, Way::Unit],
        &[Way::Unit, Way::Unit, Way::Assembly],
    ];
    let printed = bench.compare(&[&c, &b, &a], &WAYS);
    assert!(printed.starts_with("21 12 23 7\n14 15 16\n"), "{printed}");
}

#[test]
fn sections_with_bounds_hold_their_members() {
    let bench = Bench::new("bounds");
    let (a, b) = (bench.compile("list_a.c", &[]), bench.compile("list_b.c", &[]));
    let printed = bench.compare(&[&a, &b], &BOTH);
    // The compiler does not keep the order of the source within an object.
    assert!(printed.contains("one 1\n") && printed.contains("\nthree 3\n10 ") && printed.contains("\n6 "), "{printed}");
}

#[test]
fn constants_that_may_be_merged_have_their_values() {
    let bench = Bench::new("merged");
    let (a, b) = (bench.compile("merged_a.c", &[]), bench.compile("merged_b.c", &[]));
    bench.compare(&[&a, &b], &BOTH);
}

#[test]
fn grouped_sections_are_there_once() {
    let bench = Bench::new("groups");
    let a = bench.compile("group.c", &["-DMAIN", "-DRESULT=\"1\""]);
    std::fs::rename(bench.file("group.o"), bench.file("group-main.o")).unwrap();
    let a = a.moved_to(bench.file("group-main.o"));
    let b = bench.compile("group.c", &["-DRESULT=\"2\""]);
    // The first one counts, here as well as there.
    let printed = bench.compare(&[&a, &b], &[&[Way::Unit, Way::Unit]]);
    assert_eq!(printed, "1 1 1 1\n6\n");
}

#[test]
fn objects_of_rustc_are_linked_like_those_of_c() {
    let bench = Bench::new("rust");
    let (a, b) = (bench.compile("rust_main.c", &[]), bench.compile("rust_a.rs", &[]));
    bench.compare(&[&a, &b], &BOTH);
}

#[test]
fn what_lies_in_one_section_stays_together() {
    let bench = Bench::new("layout");
    let object = bench.compile("layout.c", &["-fno-function-sections", "-fno-data-sections"]);
    bench.compare(&[&object], &[&[Way::Assembly]]);
    let native = functions(&bench.link(&[&object]));
    bench.place(&[(&object, Way::Assembly)]).unwrap();
    let placed = functions(&bench.image());
    let first = |functions: &BTreeMap<String, (u64, u64)>| functions["add"].0;
    let relative = |functions: &BTreeMap<String, (u64, u64)>, name: &str| {
        let (at, size) = functions[name];
        (at.wrapping_sub(first(functions)), size)
    };
    for name in ["add", "multiply", "text", "main"] {
        assert_eq!(relative(&placed, name), relative(&native, name), "distance and size of `{name}`");
    }
}

/// Addresses and sizes of the functions that a file names.
fn functions(file: &Path) -> BTreeMap<String, (u64, u64)> {
    let bytes = std::fs::read(file).unwrap();
    let elf = object::File::parse(&*bytes).unwrap();
    let text = elf.section_by_name(".text").unwrap();
    let in_text = elf.symbols().filter(|symbol| {
        (text.address()..text.address() + text.size()).contains(&symbol.address())
            && symbol.kind() == object::SymbolKind::Text
    });
    in_text.map(|symbol| (symbol.name().unwrap().to_owned(), (symbol.address(), symbol.size()))).collect()
}

/// What `ld` has rules for that an image does not follow is refused by its name, and never guessed.
#[test]
fn what_only_a_linker_knows_is_refused() {
    let bench = Bench::new("refused");
    let refused = |source: &str, options: &[&str]| {
        let object = bench.compile(source, options);
        match bench.place(&[(&object, Way::Assembly)]) {
            Err(Error::LinkerOnly(LinkerOnly::Assembly { of_crate, construct })) => {
                assert_eq!(of_crate, "program");
                construct
            }
            Err(error) => panic!("{source}: {error}"),
            Ok(_) => panic!("{source} was placed"),
        }
    };
    assert_eq!(refused("group.c", &["-DMAIN", "-DRESULT=\"1\""]), AssemblyConstruct::Group);
    let name = |name: &str| name.to_owned();
    let common = refused("common.c", &["-fcommon"]);
    assert_eq!(common, AssemblyConstruct::Common { name: name("tentative") });
    let indirect = refused("indirect.c", &[]);
    assert_eq!(indirect, AssemblyConstruct::ResolvedAtStart { name: name("chosen") });
    let section = refused("reserved.c", &[]);
    assert_eq!(section, AssemblyConstruct::Section { name: name(".ctors") });
}
