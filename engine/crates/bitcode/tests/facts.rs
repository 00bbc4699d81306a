//! Known Rust constructs, compiled by the real rustc, must decode to known facts.

mod support;

use std::hash::{DefaultHasher, Hash, Hasher};

use cranefly_bitcode::ir::*;
use cranefly_bitcode::types::Type;
use cranefly_bitcode::{Reader, display};
use support::{Crate, instructions};

fn constants(function: &Function) -> Vec<&Constant> {
    let mut found = Vec::new();
    for instruction in instructions(function) {
        instruction.op.operands(|operand| {
            if let Operand::Constant(constant) = operand {
                found.push(constant);
            }
        });
    }
    found
}

fn words(constant: &Constant) -> Option<&[u64]> {
    match constant {
        Constant::Bits(_, words) => Some(words),
        _ => None,
    }
}

/// Callee, ABI, arguments, successors.
type Call<'a> = (&'a Callee, &'a Signature, &'a Vec<Operand>, &'a Option<(BlockId, BlockId)>);

fn calls(function: &Function) -> Vec<Call<'_>> {
    let call = |instruction: &'_ Instruction| matches!(instruction.op, Op::Call { .. });
    instructions(function)
        .filter(|instruction| call(instruction))
        .map(|instruction| match &instruction.op {
            Op::Call { callee, signature, args, unwind } => (callee, signature, args, unwind),
            _ => unreachable!("filtered"),
        })
        .collect()
}

#[test]
fn wide_integers() {
    let krate = Crate::new("facts");
    let function = krate.function("wide");
    let expected = |value: i128| vec![value as u64, (value >> 64) as u64];
    let mut seen: Vec<Vec<u64>> = constants(&function).into_iter().filter_map(words).map(<[u64]>::to_vec).collect();
    for instruction in instructions(&function) {
        if let Op::Switch { cases, .. } = &instruction.op {
            seen.extend(cases.iter().map(|(case, _)| case.to_vec()));
        }
    }
    for value in [i128::MIN, i128::MAX, -3, 0x0123_4567_89ab_cdef_0011_2233_4455_6677, 1 << 64, -(1 << 64)] {
        assert!(seen.contains(&expected(value)), "{value:#x} not in {seen:x?}");
    }
    let init = krate.variable("WIDE").init.clone().expect("defined");
    assert_eq!(init.bytes, (i128::MIN + 1).to_le_bytes());
}

#[test]
fn floats_keep_their_payload() {
    let krate = Crate::new("facts");
    let function = krate.function("floats");
    let seen: Vec<&[u64]> = constants(&function).into_iter().filter_map(words).collect();
    assert!(seen.contains(&&[0x7ff4_0000_dead_beef][..]), "{seen:x?}");
    assert!(seen.contains(&&[0xffc0_1234][..]), "{seen:x?}");
}

#[test]
fn odd_integers() {
    let krate = Crate::new("facts");
    let function = krate.function("odd");
    assert_eq!(*function.signature.ret, Type::Int(24));
    assert_eq!(*function.signature.params[0].ty, Type::Int(24));
}

#[test]
fn statics() {
    let krate = Crate::new("facts");
    let numbers = krate.variable("NUMBERS");
    assert_eq!((numbers.size, numbers.align, numbers.constant), (6, 2, true));
    assert_eq!(numbers.init.as_ref().expect("defined").bytes, [1, 0, 2, 0, 0xfe, 0xff]);

    let zeros = krate.variable("ZEROS");
    assert_eq!(zeros.size, 800);
    assert!(zeros.init.as_ref().expect("defined").bytes.iter().all(|&byte| byte == 0));

    let (reader, id) = krate.find("TEXTS");
    let GlobalKind::Variable(texts) = &reader.module().globals[id.0 as usize].kind else { panic!("no variable") };
    let init = texts.init.as_ref().expect("defined");
    assert_eq!(init.bytes[8..], 2u64.to_le_bytes());
    assert_eq!((init.pointers.len(), init.pointers[0].offset, init.pointers[0].addend), (1, 0, 0));

    let inner = krate.variable("INNER").init.as_ref().expect("defined");
    assert_eq!(inner.pointers.len(), 1);
    let wide = krate.variable("FUNCTION").init.as_ref().expect("defined");
    let (reader, _) = krate.find("FUNCTION");
    assert_eq!(&*reader.module().globals[wide.pointers[0].target.0 as usize].name, "wide");

    let counter = krate.variable("COUNTER");
    assert!(!counter.constant);
    assert_eq!(counter.init.as_ref().expect("defined").bytes, 7u32.to_le_bytes());
}

#[test]
fn sections_and_used() {
    let krate = Crate::new("facts");
    let (reader, id) = krate.find("START");
    let GlobalKind::Variable(start) = &reader.module().globals[id.0 as usize].kind else { panic!("no variable") };
    assert_eq!(start.section.as_deref(), Some(".init_array"));
    assert!(reader.module().used.contains(&id));
}

#[test]
fn thread_locals() {
    let krate = Crate::new("facts");
    let defined = krate.readers.iter().flat_map(|reader| &reader.module().globals).find(|global| {
        matches!(&global.kind, GlobalKind::Variable(variable) if variable.thread_local && variable.init.is_some())
    });
    assert!(defined.is_some());
    let used = krate.readers.iter().any(|reader| {
        reader.functions().any(|id| {
            let function = reader.function(id).expect("decodes");
            function.symbols.iter().any(|symbol| symbol.kind == SymbolKind::ThreadLocal)
        })
    });
    assert!(used);
}

#[test]
fn extensions_and_booleans() {
    let krate = Crate::new("facts");
    let signature = krate.function("flags").signature;
    assert_eq!(*signature.params[0].ty, Type::Int(1));
    assert_eq!(signature.params[0].extension, Extension::Zero);
    assert_eq!(*signature.ret, Type::Int(1));
    assert_eq!(signature.ret_extension, Extension::Zero);
}

#[test]
fn unwinding() {
    let krate = Crate::new("facts");
    let (reader, _) = krate.find("unwinding");
    let function = krate.function("unwinding");
    let personality = function.symbols[function.personality.expect("has one").0 as usize].global;
    assert_eq!(&*reader.module().globals[personality.0 as usize].name, "rust_eh_personality");
    let (_, _, _, unwind) = calls(&function).into_iter().find(|call| call.3.is_some()).expect("an invoke");
    let (normal, pad) = unwind.expect("an invoke");
    assert_ne!(normal, pad);
    let landing = &function.blocks[pad.0 as usize].instructions[0];
    let Op::LandingPad { cleanup, clauses } = &landing.op else { panic!("{landing:?}") };
    assert!(*cleanup && clauses.is_empty());
    assert!(instructions(&function).any(|instruction| matches!(instruction.op, Op::Resume { .. })));
    let filters = krate.readers.iter().flat_map(|reader| reader.functions().map(move |id| reader.function(id)));
    let filters = filters.map(|function| function.expect("decodes")).any(|function| {
        instructions(&function).any(
            |instruction| matches!(&instruction.op, Op::LandingPad { clauses, .. } if clauses.contains(&Clause::FilterAll)),
        )
    });
    assert!(filters, "drop glue's landing pads are filters");
}

#[test]
fn switches() {
    let krate = Crate::new("facts");
    let function = krate.function("switching");
    let switch = instructions(&function).find_map(|instruction| match &instruction.op {
        Op::Switch { ty, cases, default, .. } => Some((ty, cases, default)),
        _ => None,
    });
    let (ty, cases, default) = switch.expect("a switch");
    assert_eq!(**ty, Type::Int(8));
    let mut values: Vec<u64> = cases.iter().map(|(value, _)| value[0]).collect();
    values.sort_unstable();
    assert_eq!(values, [0, 1, 7, 255]);
    assert!(cases.iter().all(|(_, block)| block != default));
}

#[test]
fn large_arguments() {
    let krate = Crate::new("facts");
    let signature = krate.function("by_value").signature;
    assert!(signature.params[0].sret);
    assert_eq!(signature.params[1].byval, Some((40, 8)));
    let caller = krate.function("call_by_value");
    let (_, signature, ..) =
        calls(&caller).into_iter().find(|call| matches!(call.0, Callee::Symbol(_))).expect("calls by_value");
    assert!(signature.params[0].sret && signature.params[1].byval == Some((40, 8)));
}

#[test]
fn variadic_calls() {
    let krate = Crate::new("facts");
    let function = krate.function("variadic");
    let (_, signature, args, _) = calls(&function).into_iter().find(|call| call.1.variadic).expect("printf");
    assert_eq!((args.len(), signature.params.len()), (3, 3));
    assert_eq!(*signature.params[2].ty, Type::Double);
}

#[test]
fn attributes_and_assembly() {
    let krate = Crate::new("facts");
    let featured = krate.function("featured");
    assert!(featured.attributes.iter().any(|known| &*known.name == "target-features" && known.value.contains("+avx2")));
    let function = krate.function("assembly");
    let found = calls(&function).into_iter().find_map(|call| match call.0 {
        Callee::Assembly { template, constraints, flags } => Some((template, constraints, flags)),
        _ => None,
    });
    let (template, constraints, flags) = found.expect("inline assembly");
    assert!(template.contains("lea"), "{template}");
    assert!(constraints.starts_with("=&r"), "{constraints}");
    assert!(flags.contains("inteldialect") && flags.contains("sideeffect"), "{flags}");
    assert!(krate.readers.iter().any(|reader| reader.module().assembly.contains("cranefly_test_marker")));
}

#[test]
fn atomics() {
    let krate = Crate::new("facts");
    let all: Vec<Function> = krate
        .readers
        .iter()
        .flat_map(|reader| reader.functions().map(move |id| reader.function(id).expect("decodes")))
        .collect();
    let any = |wanted: fn(&Op) -> bool| all.iter().flat_map(instructions).any(|instruction| wanted(&instruction.op));
    assert!(any(|op| matches!(op, Op::AtomicRmw { op: RmwOp::Add, ordering: Ordering::Release, .. })));
    assert!(any(|op| matches!(op, Op::CmpXchg { .. })));
    assert!(any(|op| matches!(op, Op::Fence { ordering: Ordering::SequentiallyConsistent })));
    assert!(any(|op| matches!(op, Op::Load { ordering: Some(Ordering::Acquire), .. })));
}

#[test]
fn address_arithmetic() {
    let krate = Crate::new("facts");
    let function = krate.function("indexing");
    let geps: Vec<_> = instructions(&function)
        .filter_map(|instruction| match &instruction.op {
            Op::GetElementPtr { offset, terms, .. } => Some((*offset, terms.clone())),
            _ => None,
        })
        .collect();
    let scales: Vec<i64> = geps.iter().flat_map(|(_, terms)| terms).map(|term| term.scale).collect();
    assert_eq!(scales, [16], "{geps:?}");
}

#[test]
fn locations_name_functions_and_files() {
    let krate = Crate::new("facts");
    let function = krate.function("switching");
    let subprogram = function.subprogram.as_ref().expect("debug info");
    assert_eq!(&*subprogram.name, "switching");
    assert_eq!(&*subprogram.linkage_name, "", "an unmangled function has no linkage name");
    let mangled = krate.function("may_panic").subprogram.expect("debug info");
    assert!(mangled.linkage_name.contains("may_panic"));
    assert_eq!(subprogram.namespace.last().map(|name| &**name), Some("facts"));
    assert!(subprogram.file.name.ends_with("facts.rs"));
    assert!(!function.locations.is_empty());
    for location in &function.locations {
        assert_eq!(location.frames[0].subprogram, *subprogram);
        assert!(location.frames[0].line >= subprogram.line);
    }
}

#[test]
fn everything_decodes_the_same_in_any_order() {
    let key = |function: &Function| {
        let mut hasher = DefaultHasher::new();
        function.hash(&mut hasher);
        hasher.finish()
    };
    let names = |reader: &Reader, function: &Function| -> Vec<String> {
        let symbols = function.symbols.iter();
        symbols.map(|symbol| reader.module().globals[symbol.global.0 as usize].name.to_string()).collect()
    };
    for file in support::compile("facts", &[]) {
        let (first, second) = (
            Reader::open_file(support::llvm(), &file).expect("opens"),
            Reader::open_file(support::llvm(), &file).expect("opens"),
        );
        let ids: Vec<GlobalId> = first.functions().collect();
        let forward: Vec<Function> = ids.iter().map(|&id| first.function(id).expect("decodes")).collect();
        for (&id, function) in ids.iter().zip(&forward).rev() {
            let again = second.function(id).expect("decodes");
            assert_eq!(key(function), key(&again), "{}", first.module().globals[id.0 as usize].name);
            assert_eq!(names(&first, function), names(&second, &again));
            assert_eq!(function.locations, again.locations);
            assert_eq!(display::unsupported(function), Vec::<String>::new());
        }
    }
}

#[test]
fn identities_of_types() {
    let krate = Crate::new("facts");
    let init = krate.variable("IDENTITY").init.clone().expect("defined");
    let [low, high] = init.identities[..] else { panic!("{init:x?}") };
    assert_eq!(init.bytes[8..], [low.to_le_bytes(), high.to_le_bytes()].concat());
    let init = krate.variable("ADDRESS").init.clone().expect("defined");
    assert_eq!((init.bytes.len(), init.identities), (24, Vec::new()));
}
