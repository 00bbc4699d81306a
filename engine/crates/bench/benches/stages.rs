//! Every stage of the engine on a whole program, next to LLVM -O0 on the same functions in the same process.
//!
//! Samples are processor times of one thread ([`timed`]); one iteration is the whole program, and the throughput that
//! criterion is told is its number of functions, so that time divided by it is the time a function.

use std::path::Path;
use std::time::Duration;

use cranefly_bench::{Corpus, DebugInfo, Decoded, Linker, Pipeline, Prepared, timed};
use cranefly_cache::Keyer;
use cranefly_codegen::cranelift::{Compiler, Flags};
use cranefly_codegen::llvm::{LlvmCompiler, OptLevel};
use cranefly_image::{BUILD_ID_SIZE, Publication};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput};

/// Of the functions that LLVM compiles alone, every how many-th is measured: each costs as much as opening a unit.
const ISOLATED_STEP: usize = 16;
/// Edits that are linked for one sample.
const EDITS: usize = 100;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// Adds a benchmark; `sample` does everything once and adds the time that counts to its argument.
fn bench(group: &mut Group, name: &str, functions: usize, mut sample: impl FnMut(&mut Duration)) {
    group.throughput(Throughput::Elements(functions as u64));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            let mut total = Duration::ZERO;
            (0..rounds).for_each(|_| sample(&mut total));
            total
        });
    });
}

/// What images are published as that no program starts from.
fn publication() -> Publication<'static> {
    Publication {
        image: Path::new("bench.so"),
        executable: Path::new("/bench"),
        stand_in: None,
        build_id: &[0; BUILD_ID_SIZE],
    }
}

/// Reading: opening a unit, reading function bodies through LLVM and decoding them, hashing.
fn reading(group: &mut Group, corpus: &Corpus, decoded: &[Decoded], functions: usize) {
    let open = |unit| corpus.open(unit).expect("opened before");
    bench(group, "open", functions, |total| {
        for unit in &corpus.units {
            timed(total, || open(unit));
        }
    });
    bench(group, "close", functions, |total| {
        for unit in &corpus.units {
            let reader = open(unit);
            reader.functions().for_each(|id| drop(reader.function(id)));
            timed(total, || drop(reader));
        }
    });
    // The first time that a function is asked for, LLVM reads its body.
    bench(group, "parse", functions, |total| {
        for unit in &corpus.units {
            let reader = open(unit);
            timed(total, || reader.functions().for_each(|id| drop(reader.function(id))));
        }
    });
    bench(group, "decode", functions, |total| {
        for unit in &corpus.units {
            let reader = open(unit);
            reader.functions().for_each(|id| drop(reader.function(id)));
            timed(total, || reader.functions().for_each(|id| drop(reader.function(id))));
        }
    });
    let mut keyer = Keyer::new("bench");
    bench(group, "hash", functions, |total| {
        for (file, unit) in corpus.units.iter().zip(decoded) {
            timed(total, || unit.functions.iter().fold(0, |sum, (_, body)| sum ^ keyer.key(body, &file.bytes).0));
        }
    });
}

/// Cranelift: both of its stages, apart by the compiler's own clock.
fn cranelift(group: &mut Group, decoded: &[Decoded], functions: usize, compiler: &mut Compiler) {
    for (name, part) in [("translate", 0), ("compile", 1)] {
        bench(group, name, functions, |total| {
            for unit in decoded {
                let (mut both, mut parts) = (Duration::ZERO, [Duration::ZERO; 2]);
                timed(&mut both, || {
                    for (_, body) in &unit.functions {
                        // What Cranelift does not take is part of what the stage costs.
                        drop(compiler.compile(body));
                        let timing = compiler.timing();
                        parts[0] += timing.translate;
                        parts[1] += timing.compile;
                    }
                });
                // The compiler's clock is on the wall; only the proportion is taken from it.
                let share = parts[part].as_secs_f64() / (parts[0] + parts[1]).as_secs_f64().max(f64::MIN_POSITIVE);
                *total += both.mul_f64(share);
            }
        });
    }
}

/// LLVM -O0: whole units as rustc compiles them, and functions alone as the engine falls back to.
fn llvm(group: &mut Group, corpus: &Corpus, decoded: &[Decoded], functions: usize) {
    let pipeline = Pipeline::new(&corpus.llvm);
    bench(group, "llvm-parse", functions, |total| {
        for unit in &corpus.units {
            timed(total, || pipeline.parse(&unit.bytes));
        }
    });
    for (name, debug) in [("llvm-compile", DebugInfo::Kept), ("llvm-compile-no-debug-info", DebugInfo::Stripped)] {
        bench(group, name, functions, |total| {
            for unit in &corpus.units {
                let unit = pipeline.parse(&unit.bytes);
                unit.prepare(debug);
                timed(total, || unit.emit());
            }
        });
    }
    let compiler = LlvmCompiler::new(&corpus.llvm).expect("initialised before");
    let all = corpus.units.iter().zip(decoded);
    let some: Vec<_> = all
        .flat_map(|(file, unit)| unit.functions.iter().map(move |(id, body)| (file, *id, body)))
        .step_by(ISOLATED_STEP)
        .collect();
    bench(group, "llvm-isolated", some.len(), |total| {
        for (file, id, body) in &some {
            timed(total, || compiler.compile(&file.bytes, *id, body, OptLevel::None).expect("LLVM takes rustc's code"));
        }
    });
}

/// Linking: a whole program into a new image, then edits of one function each into the same image.
fn image(criterion: &mut Criterion, corpus: &Corpus, prepared: &Prepared, functions: usize) {
    let mut linker = Linker::new(&corpus.base).expect("the base image");
    let mut group = stages(criterion);
    for (name, part) in [("image-create", 0), ("image-update", 1), ("image-install", 2), ("image-commit", 3)] {
        bench(&mut group, name, functions, |total| {
            let mut times = [Duration::ZERO; 4];
            let mut image = timed(&mut times[0], || linker.create(&prepared.units)).expect("room");
            let updated = timed(&mut times[1], || image.update(&prepared.units));
            let (mut draft, pending) = updated.expect("a program that links");
            timed(&mut times[2], || prepared.install(&mut draft, &pending)).expect("room");
            timed(&mut times[3], || draft.commit(&publication())).expect("room");
            *total += times[part];
        });
    }
    group.finish();

    // A function of median size, in whatever unit it is.
    let mut sizes: Vec<_> = prepared
        .units
        .iter()
        .enumerate()
        .flat_map(|(unit, value)| (0..value.functions.len()).map(move |number| (unit, number)))
        .collect();
    sizes.sort_by_key(|&(unit, number)| prepared.units[unit].functions[number].positions.size());
    let (unit, number) = sizes[sizes.len() / 2];
    let mut group = criterion.benchmark_group("edit");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for (name, part) in [("image-update", 0), ("image-install", 1), ("image-commit", 2)] {
        bench(&mut group, name, EDITS, |total| {
            let mut image = linker.create(&prepared.units).expect("room");
            let (mut draft, pending) = image.update(&prepared.units).expect("a program that links");
            prepared.install(&mut draft, &pending).expect("room");
            draft.commit(&publication()).expect("room");
            let mut times = [Duration::ZERO; 3];
            for round in 0..EDITS {
                let units = prepared.edited(unit, number, round as u128);
                let updated = timed(&mut times[0], || image.update(&units));
                let (mut draft, pending) = updated.expect("a program that links");
                assert_eq!(pending.len(), 1, "only the edited function is bound again");
                timed(&mut times[1], || prepared.install(&mut draft, &pending)).expect("room");
                timed(&mut times[2], || draft.commit(&publication())).expect("room");
            }
            *total += times[part];
        });
    }
    group.finish();
}

fn stages(criterion: &mut Criterion) -> Group<'_> {
    let mut group = criterion.benchmark_group("program");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group
}

fn main() {
    let corpus = Corpus::from_environment().unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(1);
    });
    let decoded = corpus.decode().expect("bitcode of this toolchain");
    let functions: usize = decoded.iter().map(|unit| unit.functions.len()).sum();
    let bytes: usize = corpus.units.iter().map(|unit| unit.bytes.len()).sum();
    println!("{} units, {functions} functions, {bytes} bytes of bitcode", corpus.units.len());

    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(500))
        .configure_from_args();
    let mut compiler = Compiler::new(Flags::default());
    let prepared = Prepared::new(&corpus, &decoded, &mut compiler).expect("assembly that assembles");
    let mut group = stages(&mut criterion);
    reading(&mut group, &corpus, &decoded, functions);
    cranelift(&mut group, &decoded, functions, &mut compiler);
    llvm(&mut group, &corpus, &decoded, functions);
    group.finish();
    image(&mut criterion, &corpus, &prepared, functions);
    criterion.final_summary();
}
