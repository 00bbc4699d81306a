//! Programs of many functions and of large ones, and images that run full: programs of theirs run, and what ran full gets room.

mod support;

use std::sync::Arc;

use cranefly_bitcode::ir::{Global, GlobalKind, Linkage, Module};
use cranefly_cgu::{CodegenUnit, FunctionInfo, Positions, global_id};
use cranefly_image::{Demand, Draft, Error, Image, Layout, Pending, Region, Room, Shortage, UnitDemand, demand};
use cranefly_machine::{MachineCode, PackedCode};
use support::{Bench, Units, Way, start};

/// A function that returns `value`, in so many bytes.
fn code(value: u32, length: usize) -> Arc<PackedCode> {
    let mut bytes = vec![0xb8];
    bytes.extend(value.to_le_bytes());
    bytes.resize(length - 1, 0x90);
    bytes.push(0xc3);
    let code = MachineCode { text_len: length as u32, align: 16, bytes, ..MachineCode::default() };
    Arc::new(PackedCode::of(&code))
}

/// `count` functions of so many bytes each, all of which return `edit`, but for the last, which returns their number. Those that
/// are equal share their code.
fn functions(count: usize, length: usize, edit: u32) -> (CodegenUnit, Vec<Arc<PackedCode>>) {
    let equal = code(edit, length);
    let key = u128::from(edit) << 1;
    let mut module = Module::default();
    let (mut functions, mut codes) = (Vec::new(), Vec::new());
    for number in 0..count {
        let (name, code, key) = match number {
            0 => ("first".to_owned(), equal.clone(), key),
            _ if number == count - 1 => ("last".to_owned(), code(count as u32, length), 1),
            _ => (format!("between_{number}"), equal.clone(), key),
        };
        let (linkage, kind) = (Linkage::External, GlobalKind::Function { defined: true });
        module.globals.push(Global { name: name.into(), linkage, hidden: false, kind });
        functions.push(Arc::new(FunctionInfo {
            global: global_id(number),
            key,
            is_llvm: false,
            weight: (length / 5) as u32,
            symbols: Box::default(),
            positions: Positions::default(),
            subprogram: None,
        }));
        codes.push(code);
    }
    let (id, bound) = ("program/functions".into(), Default::default());
    (CodegenUnit { id, module, assembly: None, functions, bound, is_body_lane: false }, codes)
}

fn program(bench: &Bench, count: usize, length: usize, edit: u32) -> Units {
    let main = bench.compile("first_and_last.c", &[]);
    let mut units = bench.units(&[(&main, Way::Unit)]);
    let (unit, codes) = functions(count, length, edit);
    units.add(unit, codes);
    units
}

fn finish(bench: &Bench, update: (Draft, Vec<Pending>), units: &Units) -> Result<(), Error> {
    let (draft, pending) = update;
    bench.finish(draft, units, &pending)
}

fn runs(bench: &Bench, units: &Units, image: &mut Image, printed: &str) {
    finish(bench, image.update(&units.units).unwrap(), units).unwrap();
    let output = start(&bench.program().unwrap());
    assert_eq!(String::from_utf8_lossy(&output.stdout), printed, "{output:?}");
}

#[test]
fn functions_have_room_however_many_and_however_large() {
    let bench = Bench::new("room");
    for (count, length) in [(30_000, 16), (3, 20 << 20)] {
        let units = program(&bench, count, length, 1);
        let (mut image, _control) = bench.create(&units).unwrap();
        runs(&bench, &units, &mut image, &format!("1 {count}\n"));
    }
}

/// `cargo nextest run --release -p cranefly-image --run-ignored=only room`: 2 GB of memory, or so.
#[test]
#[ignore = "takes as much memory as the programs that it is about"]
fn a_million_functions_and_one_and_a_half_gigabytes_of_code_have_room() {
    let bench = Bench::new("bound");
    for (count, length) in [(1_000_000, 16), (1536, 1 << 20)] {
        let units = program(&bench, count, length, 1);
        let (mut image, _control) = bench.create(&units).unwrap();
        runs(&bench, &units, &mut image, &format!("1 {count}\n"));
    }
}

#[test]
fn what_can_have_no_room_is_refused_before_there_is_code() {
    let unit = Arc::new(functions(1000, 5 << 20, 1).0);
    let each = [UnitDemand::of(&unit)];
    let error = UnitDemand::check(&each).unwrap_err();
    assert!(matches!(&error, Error::TooLarge(too_large) if too_large.largest == Region::Text), "{error}");
    let unit = Arc::new(functions(1000, 1 << 20, 1).0);
    UnitDemand::check(&[UnitDemand::of(&unit)]).unwrap();
}

/// Edits all functions, in place, until there is no room.
fn fill(bench: &Bench, image: &mut Image, count: usize, length: usize) -> Shortage {
    for edit in 2.. {
        let units = program(bench, count, length, edit);
        let updated = image.update(&units.units).and_then(|update| finish(bench, update, &units));
        match updated {
            Ok(()) => {}
            Err(Error::Full(shortage)) => return shortage,
            Err(error) => panic!("{error}"),
        }
        if edit == 2 {
            let output = start(&bench.program().unwrap());
            assert_eq!(String::from_utf8_lossy(&output.stdout), format!("2 {count}\n"));
        }
    }
    unreachable!("an image without end")
}

#[test]
fn only_what_ran_full_grows() {
    let bench = Bench::new("full");
    for (count, length, region) in [(100, 1 << 18, Region::Text), (1000, 16, Region::EhFrameHdr)] {
        let units = program(&bench, count, length, 1);
        let each: Vec<UnitDemand> = units.units.iter().map(UnitDemand::of).collect();
        let demand: Demand = demand(&units.units, &each);
        let mut room = Room::default();
        let (mut image, _control) = bench.create(&units).unwrap();
        let before = image.file().layout().clone();
        finish(&bench, image.update(&units.units).unwrap(), &units).unwrap();
        let shortage = fill(&bench, &mut image, count, length);
        assert_eq!((shortage.region, shortage.capacity), (region, before.capacity(region)));
        room.note(&shortage, false);
        let (mut image, _control) = bench.create_with(&units, &room).unwrap();
        let after = image.file().layout().clone();
        for other in Region::ALL {
            assert_eq!(after.capacity(other) > before.capacity(other), other == region, "{other:?}");
        }
        assert!(Layout::new(&demand, &room).is_ok());
        runs(&bench, &units, &mut image, &format!("1 {count}\n"));
    }
}

#[test]
fn functions_that_are_called_one_by_one_have_room() {
    let bench = Bench::new("one_by_one");
    let count = 6000;
    let units = program(&bench, count, 16, 1);
    let (mut image, _control) = bench.create(&units).unwrap();
    let (mut draft, pending) = image.update(&units.units).unwrap();
    pending.iter().for_each(|pending| draft.defer(pending));
    let each: Vec<UnitDemand> = units.units.iter().map(UnitDemand::of).collect();
    assert_eq!(draft.shortage(&demand(&units.units, &each)), None);
    bench.commit(draft).unwrap();
    // Not a page for each.
    assert!(image.file().layout().capacity(Region::Text) < 4096 * count as u64);
    let mut pages = 0;
    for pending in image.deferred_in_call_order() {
        let before = image.file().used(Region::Text);
        let mut running = image.running().unwrap();
        running.install(&pending, units.code(&pending)).unwrap();
        running.publish().unwrap();
        pages += u64::from(image.file().used(Region::Text) - before > 64);
    }
    assert!(image.is_compiled());
    assert!(pages > 1000, "{pages} functions lie on pages of their own");
    let output = start(&bench.program().unwrap());
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("1 {count}\n"), "{output:?}");
}
