//! Good input with damage: an error or a result, no panic, no hang, and no more memory than the input is worth.

#[path = "../../image/tests/support/damage.rs"]
mod damage;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use cranefly_cgu::Packed;
use cranefly_runtime::Control;
use damage::{damaged, damages};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;

/// So many cases of each, always the same; `PROPTEST_CASES` has others looked for, and how many.
const CASES: u32 = 512;

fn config() -> ProptestConfig {
    // What fails is printed, and made a test of its own.
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig { cases: CASES, rng_seed: RngSeed::Fixed(1), ..config },
    }
}

/// A folder of this test's, emptied.
fn folder() -> PathBuf {
    let test = std::thread::current().name().expect("threads of tests have their names").to_owned();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("damaged-{}", test.replace(':', "-")));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// What rustc writes.
static BITCODE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = folder();
    std::fs::write(folder.join("a.rs"), "pub fn f(x: &[u8]) -> usize { x.iter().map(|x| *x as usize).sum() }").unwrap();
    let mut rustc = Command::new("rustc");
    rustc.args(["a.rs", "--crate-type=lib", "--emit=llvm-bc=a.bc", "-Ccodegen-units=1"]).current_dir(&folder);
    assert!(rustc.status().unwrap().success());
    std::fs::read(folder.join("a.bc")).unwrap()
});

const CONNECTION: &str = concat!(
    "Content-Length: 76\r\n\r\n",
    r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocol":2,"a":0}}"#,
    "content-length:56\r\nX: y\r\n\r\n",
    r#"{"jsonrpc":"2.0","id":"b","method":"status","params":{}}"#,
);

const REQUESTS: [&str; 5] = [
    r#"{"id":1,"method":"publish","params":{"workspace":"/w","program":"p","executable":"/w/p","base":"/w/b.so","optLevel":"0",
        "units":[{"id":"a:a","bitcode":[{"path":"/w/a.bc","digest":"00ff"}]}],"strip":"symbols","exportDynamic":true,"verify":true,
        "bodyLane":[{"unit":"a:a","crateName":"a","bitcode":[],"twin":[],"isTwinBehind":true,"passed":[{"file":"/w/a.rs","line":7}],
        "edited":[{"file":"/w/a.rs","old":[1,2],"new":[1,4294967295],"generic":true}]}]}}"#,
    r#"{"id":1,"method":"functions","params":{"workspace":"/w","program":"p","files":["/w/a.rs"],"changedOnly":true,"from":12}}"#,
    r#"{"id":1,"method":"summary","params":{"workspace":"/w","program":"p","top":12}}"#,
    r#"{"id":1,"method":"inspect","params":{"workspace":"/w","program":"p","symbol":"_ZN1a1b17h0123456789abcdefE","what":"clif","unit":"a:a","previous":true}}"#,
    r#"{"id":[1],"method":"compile","params":{"workspace":"/w","program":"p","file":"/w/a.rs","line":1,"symbols":["main"]}}"#,
];

const CLIF: &str = r#"test run
set opt_level=speed
target x86_64 has_sse41=true has_avx2=1

; A comment.
function %sum(i64, i32x4, f64) -> i64 system_v {
    ss0 = explicit_slot 16, align = 8
    gv0 = symbol colocated %data
    sig0 = (i32 sext) -> i8 uext system_v
    fn0 = colocated %other sig0
    const0 = 0x00112233445566778899aabbccddeeff
block0(v0: i64, v1: i32x4, v2: f64):
    v3 = extractlane v1, 3
    v4 = call fn0(v3)
    v5 = uextend.i64 v4
    v6 = stack_addr.i64 ss0+8
    store notrap aligned v5, v6+0
    v7 = fcvt_to_uint_sat.i32 v2
    br_table v7, block2, [block1(v0), block2]
block1(v8: i64):
    v9 = iconst.i64 -0x7fff_ffff
    v10 = iadd v8, v9
    brif v10, block1(v10), block2
block2:
    v11 = f64const 0x1.8p-3
    v12 = vconst.i32x4 const0
    return v5
}
; run: %sum(0x10, [1 2 3 -4], 0x1.5p3) == 7

function %other(i32 sext) -> i8 uext system_v {
block0(v0: i32):
    v1 = ireduce.i8 v0
    return v1
}
; print: %other(-1)
"#;

const NAMES: [&str; 7] = [
    "_ZN71_$LT$alloc..vec..Vec$LT$T$C$A$GT$$u20$as$u20$core..ops..drop..Drop$GT$4drop17h0123456789abcdefE",
    "_RNvNtNtCs2SkXJDBz4Ns_4core3fmt3numINtB2_5Write9write_strE.llvm.77",
    "_RINvNtCs1_5alloc3vec3VecRShKj5_NtNtC4core6option6OptionTmFUKCEuDNtC4core5Clonep1TmEL_EE",
    "_RNvXs_C1aINtB4_3u4gdel_5ecbj3TmhEEKpNtC1b1c1d",
    "<alloc::vec::Vec<fn(u8) -> <T as Q>::R> as core::ops::Drop>::drop::{closure#0}",
    "_ZN3foo3barEv",
    "\u{1}__rust_alloc<é<>>->",
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_container_of_bitcode(damages in damages()) {
        cranefly_fuzzing::bitcode_container(&damaged(&BITCODE, &damages));
    }

    #[test]
    fn packed_bitcode(damages in damages()) {
        static PACKED: LazyLock<Packed> = LazyLock::new(|| Packed::of(&BITCODE));
        cranefly_fuzzing::packed_bitcode(&damaged(PACKED.compressed(), &damages));
    }

    #[test]
    fn a_connection(damages in damages()) {
        cranefly_fuzzing::connection(&damaged(CONNECTION.as_bytes(), &damages));
    }

    #[test]
    fn a_request(which in 0..REQUESTS.len(), damages in damages()) {
        cranefly_fuzzing::request(&damaged(REQUESTS[which].as_bytes(), &damages));
    }

    #[test]
    fn a_control_file(damages in damages()) {
        static CONTROL: LazyLock<(PathBuf, Vec<u8>)> = LazyLock::new(|| {
            let file = folder().join("control");
            let command = cranefly_runtime::Command { arguments: vec!["/bin/false".into(), "x".into()], ..Default::default() };
            drop(Control::create(&file, &command).unwrap());
            let bytes = std::fs::read(&file).unwrap();
            (file, bytes)
        });
        cranefly_fuzzing::control_file(&damaged(&CONTROL.1, &damages), &CONTROL.0);
    }

    #[test]
    fn an_answer_of_a_worker(damages in damages()) {
        let answer = [&9u64.to_le_bytes()[..], b"no object"].concat();
        cranefly_fuzzing::worker_answer(&damaged(&answer, &damages));
    }

    #[test]
    fn a_file_of_cranelift_ir(damages in damages()) {
        cranefly_fuzzing::clif_text(&damaged(CLIF.as_bytes(), &damages));
    }

    #[test]
    fn a_name_of_a_symbol(which in 0..NAMES.len(), damages in damages()) {
        cranefly_fuzzing::symbol_name(&damaged(NAMES[which].as_bytes(), &damages));
    }
}

/// Nothing is tested by damage to what is refused without it.
#[test]
fn the_files_are_good_without_damage() {
    cranefly_clif::ClifFile::parse(CLIF).map(drop).map_err(|faults| format!("{faults:?}")).unwrap();
    cranefly_bitcode::check_container(&BITCODE, "a.bc").unwrap();
    for request in REQUESTS {
        let Value::Object(request) = serde_json::from_str(request).unwrap() else { panic!("{request}") };
        cranefly_fuzzing::parameters(request["method"].as_str().unwrap(), request["params"].clone()).unwrap();
    }
    let mut answers = 0;
    cranefly_wire::rpc::serve(CONNECTION.as_bytes(), std::io::sink(), |_, _| {
        answers += 1;
        Ok(Value::Null)
    })
    .unwrap();
    assert_eq!(answers, 2);
}
