//! What can be done to an image in each of its states, with programs that show it.

mod support;

use cranefly_image::{Error, Image, Pending};
use support::{BOTH, Bench, Object, Units, Way, start};

fn printed(bench: &Bench) -> String {
    let output = start(&bench.program().unwrap());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// `edited.c` after so many edits, and what does not change. Each version is linked by the system's linker. (Like the engine's code
/// generators, GCC takes addresses in the GOT with `mov` only, if it does not optimise.)
fn versions(bench: &Bench) -> Vec<(Units, String)> {
    let kept = bench.compile("kept.c", &["-O0"]);
    let version = |number: usize| {
        let edited: Object = bench.compile("edited.c", &["-O0", &*format!("-DVERSION={number}")]);
        let native = start(&bench.link(&[&kept, &edited]));
        (bench.units(&[(&kept, Way::Unit), (&edited, Way::Unit)]), String::from_utf8(native.stdout).unwrap())
    };
    (0..3).map(version).collect()
}

#[test]
fn an_image_that_is_updated_in_place_is_what_a_linker_makes() {
    let bench = Bench::new("in-place");
    let versions = versions(&bench);
    let (mut image, _control) = bench.create(&versions[1].0).unwrap();
    // There and back: parts come, go, and have another size.
    for number in [0, 1, 2, 1, 0, 2, 0] {
        let (units, native) = &versions[number];
        let (draft, pending) = image.update(&units.units).unwrap();
        bench.finish(draft, units, &pending).unwrap();
        assert_eq!(printed(&bench), *native, "version {number}");
    }
    // What is the same costs nothing.
    let (draft, pending) = image.update(&versions[0].0.units).unwrap();
    assert!(pending.is_empty(), "{pending:?}");
    bench.commit(draft).unwrap();
}

fn definer(bench: &Bench, number: usize, linkage: &str) -> Object {
    bench.compile("definer.c", &["-O0", &*format!("-DNUMBER={number}"), &*format!("-DLINKAGE={linkage}")])
}

const WEAK: &str = "__attribute__((weak))";

/// What a program prints for which the definitions of this number count.
fn of_definer(number: usize) -> String {
    format!("{number} {number} {} {}\n", 10 * number, 100 * number)
}

#[test]
fn definitions_count_when_those_that_they_gave_way_to_are_gone() {
    let bench = Bench::new("gone");
    let main = bench.compile("definers_main.c", &["-O0"]);
    // Weak ones behind a strong one, and behind a weak one; what takes over is smaller, and larger.
    for (linkage, kept, gone) in [("", 1, 2), ("", 2, 1), (WEAK, 1, 2), (WEAK, 2, 1)] {
        let (gone_object, kept_object) = (definer(&bench, gone, linkage), definer(&bench, kept, WEAK));
        for [gone_way, kept_way] in BOTH.map(|ways| [ways[0], ways[1]]) {
            let objects = [(&main, Way::Unit), (&gone_object, gone_way), (&kept_object, kept_way)];
            let mut units = bench.units(&objects);
            let (mut image, _control) = bench.create(&units).unwrap();
            let all = units.units.clone();
            let case = format!("{linkage} {gone} {gone_way:?}, {kept} {kept_way:?}");
            for (is_gone, counts) in [(false, gone), (true, kept), (false, gone), (true, kept)] {
                units.units.clone_from(&all);
                if is_gone {
                    units.units.remove(1);
                }
                let (draft, pending) = image.update(&units.units).unwrap();
                bench.finish(draft, &units, &pending).unwrap();
                assert_eq!(printed(&bench), of_definer(counts), "{case}, gone: {is_gone}");
            }
        }
    }
}

#[test]
fn the_first_weak_definition_counts_when_only_the_order_of_crates_changes() {
    let bench = Bench::new("reordered");
    let main = bench.compile("definers_main.c", &["-O0"]);
    let (one, two) = (definer(&bench, 1, WEAK), definer(&bench, 2, WEAK));
    for [first, second] in BOTH.map(|ways| [ways[0], ways[1]]) {
        let objects = [("one/0", &one, first), ("two/0", &two, second), ("program/0", &main, Way::Unit)];
        let mut units = bench.named_units(objects.into_iter().map(|(id, object, way)| (id.to_owned(), object, way)));
        let (mut image, _control) = bench.create(&units).unwrap();
        // Crates are linked before those that they depend on, which come first here.
        for counts in [2, 1, 2] {
            let (draft, pending) = image.update(&units.units).unwrap();
            bench.finish(draft, &units, &pending).unwrap();
            assert_eq!(printed(&bench), of_definer(counts), "{first:?}, {second:?}");
            units.units.swap(0, 1);
        }
    }
}

#[test]
fn programs_run_from_committed_images_only() {
    let bench = Bench::new("committed");
    let (units, native) = versions(&bench).swap_remove(0);
    let (mut image, _control) = bench.create(&units).unwrap();
    assert!(image.running().is_none());
    assert!(image.save(&units.units).is_none());
    let (draft, pending) = image.update(&units.units).unwrap();
    bench.finish(draft, &units, &pending).unwrap();
    assert!(image.running().is_some());
    assert_eq!(printed(&bench), native);
    // An update that is given up leaves nothing that could be run.
    drop(image.update(&units.units).unwrap());
    assert!(image.running().is_none());
    assert!(!start(&bench.program().unwrap()).status.success());
    let (draft, pending) = image.update(&units.units).unwrap();
    bench.finish(draft, &units, &pending).unwrap();
    assert_eq!(printed(&bench), native);
}

/// An image none of whose functions has code.
fn deferred(bench: &Bench, units: &Units) -> (Image, cranefly_runtime::Control) {
    let (mut image, control) = bench.create(units).unwrap();
    let (mut draft, pending) = image.update(&units.units).unwrap();
    pending.iter().for_each(|pending| draft.defer(pending));
    bench.commit(draft).unwrap();
    assert!(!image.is_compiled());
    (image, control)
}

fn complete(image: &mut Image, units: &Units) {
    let pending: Vec<Pending> = image.deferred_in_call_order();
    assert_eq!(pending.len(), 4, "main, the constructor, and two functions");
    let mut running = image.running().unwrap();
    for pending in &pending {
        running.install(pending, units.code(pending)).unwrap();
    }
    running.publish().unwrap();
    assert!(image.is_compiled());
}

#[test]
fn functions_get_code_when_programs_may_run_already() {
    let bench = Bench::new("running");
    let (units, native) = versions(&bench).swap_remove(1);
    let (mut image, _control) = deferred(&bench, &units);
    complete(&mut image, &units);
    assert_eq!(printed(&bench), native);
}

#[test]
fn another_process_completes_an_image_and_does_not_update_it() {
    let bench = Bench::new("adopted");
    let (units, native) = versions(&bench).swap_remove(1);
    let (mut image, _control) = deferred(&bench, &units);
    let saved = image.save(&units.units).expect("it is committed");
    drop(image);
    let mut image = Image::adopt(&bench.image(), saved, &units.units).unwrap();
    assert!(matches!(image.update(&units.units), Err(Error::Adopted { .. })));
    assert!(image.save(&units.units).is_none());
    complete(&mut image, &units);
    assert_eq!(printed(&bench), native);
}
