//! Files from outside that are not what they should be are refused: no panic, and no more memory than the file is worth.

#[path = "support/damage.rs"]
mod damage;
mod support;

use std::sync::{Arc, LazyLock};

use cranefly_image::{BaseImage, Image, SavedImage};
use damage::{damaged, damages};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use support::{Bench, Object, Units, Way};

/// So many cases of each, always the same; `PROPTEST_CASES` has others looked for, and how many.
const CASES: u32 = 96;

fn config() -> ProptestConfig {
    // What fails is printed, and made a test of its own.
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig { cases: CASES, rng_seed: RngSeed::Fixed(1), ..config },
    }
}

/// A shared library that is a base image, in a folder of its own.
struct Library {
    bench: Bench,
    bytes: Vec<u8>,
}

impl Library {
    fn new(name: &str) -> Self {
        let bench = Bench::new(name);
        bench.create(&bench.units(&[])).unwrap();
        let bytes = std::fs::read(bench.file("libbase.so")).unwrap();
        Self { bench, bytes }
    }
}

/// Objects with all that assembly has: sections of many kinds, relocations, frames, thread-locals, groups.
static OBJECTS: LazyLock<(Bench, Vec<Object>)> = LazyLock::new(|| {
    let bench = bench_of_this_test("objects");
    let sources = ["layout.c", "data_a.c", "order_a.c", "weak_a.c", "merged_a.c", "locals_a.c", "rust_a.rs", "base.c"];
    let objects = sources.map(|source| bench.compile(source, &[]));
    (bench, objects.into())
});

/// Tests run in processes of their own, several at a time: each has its own folder.
fn bench_of_this_test(part: &str) -> Bench {
    let test = std::thread::current().name().expect("threads of tests have their names").to_owned();
    Bench::new(&format!("damaged-{part}-{test}"))
}

/// What another process needs of an image none of whose functions has code, and the image's own bytes.
struct Saved {
    bench: Bench,
    units: Units,
    state: Vec<u8>,
    image: Vec<u8>,
}

static SAVED: LazyLock<Saved> = LazyLock::new(|| {
    let bench = bench_of_this_test("saved");
    let objects = ["kept.c", "edited.c"].map(|source| bench.compile(source, &["-O0", "-DVERSION=1"]));
    let units = bench.units(&[(&objects[0], Way::Unit), (&objects[1], Way::Unit)]);
    let (mut image, _control) = bench.create(&units).unwrap();
    let (mut draft, pending) = image.update(&units.units).unwrap();
    pending.iter().for_each(|pending| draft.defer(pending));
    bench.commit(draft).unwrap();
    let state = postcard::to_stdvec(&image.save(&units.units).expect("it is committed")).unwrap();
    drop(image);
    let image = std::fs::read(bench.image()).unwrap();
    Saved { bench, units, state, image }
});

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_base_image(damages in damages()) {
        static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::new("damaged-base"));
        let path = LIBRARY.bench.file("damaged.so");
        std::fs::write(&path, damaged(&LIBRARY.bytes, &damages)).unwrap();
        // Either is well: what a number means when it is another one cannot be known.
        drop(BaseImage::open(&path));
    }

    #[test]
    fn what_a_base_image_was_linked_for(damages in damages()) {
        static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::new("damaged-linked"));
        const TEXT: &str = r#"{"defines": ["main"], "needs": ["z_open"], "offered": ["z_open"], "libraries": ["/lib/libz.so"],
            "crates": ["a", "b"], "entries": [{"array": "init", "priority": 65535}], "sections": ["list"], "weak": ["w"]}"#;
        let path = LIBRARY.bench.file("libbase.so");
        std::fs::write(path.with_extension("json"), damaged(TEXT.as_bytes(), &damages)).unwrap();
        drop(BaseImage::open(&path));
    }

    #[test]
    fn an_object_of_assembly(which in 0..8usize, damages in damages()) {
        let (bench, objects) = &*OBJECTS;
        let mut units = bench.units(&[(&objects[which], Way::Assembly)]);
        Arc::get_mut(&mut units.units[0]).unwrap().assembly = Some(damaged(&objects[which].bytes, &damages));
        let Ok((mut image, _control)) = bench.create(&units) else { return Ok(()) };
        let Ok((draft, _)) = image.update(&units.units) else { return Ok(()) };
        drop(draft.unresolved());
        drop(bench.commit(draft));
    }

    #[test]
    fn a_saved_state(damages in damages()) {
        let Saved { bench, units, state, image } = &*SAVED;
        let Ok(saved) = postcard::from_bytes::<SavedImage>(&damaged(state, &damages)) else { return Ok(()) };
        let path = bench.file("adopted.so");
        std::fs::write(&path, image).unwrap();
        drop(Image::adopt(&path, saved, &units.units));
    }

    #[test]
    fn an_image_that_is_taken_over(damages in damages()) {
        let Saved { bench, units, state, image } = &*SAVED;
        let saved = postcard::from_bytes::<SavedImage>(state).unwrap();
        let path = bench.file("taken-over.so");
        std::fs::write(&path, damaged(image, &damages)).unwrap();
        drop(Image::adopt(&path, saved, &units.units));
    }
}
