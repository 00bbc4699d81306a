#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let name = format!("cranefly-fuzzed-{}.control", std::process::id());
    cranefly_fuzzing::control_file(bytes, &std::env::temp_dir().join(name));
});
