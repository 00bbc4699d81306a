#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cranefly_fuzzing::packed_bitcode(bytes));
