//! Entry points for fuzzers: everything that the engine reads from outside, but for what LLVM and the loader read.
//!
//! **Takes** bytes as a file, a connection or a name may have them. **Gives** nothing: either an error or a result is well, since
//! what a number means when it is another one cannot be known. **Never** lets LLVM see anything, compiles or runs anything; what it
//! may do is panic, hang or take memory without bound, and then the reader behind it is wrong.
//!
//! `tests/damaged.rs` has them read good input with damage, in every test run; `engine/fuzz` has a target for each.

use std::io::{BufReader, sink};
use std::path::Path;
use std::time::Duration;

use cranefly_cgu::Packed;
use cranefly_compile::llvm_worker;
use cranefly_runtime::Control;
use cranefly_wire::{
    CompileParams, FunctionsParams, InitializeParams, InspectParams, PublishParams, RpcError, SummaryParams,
    WorkspaceParams, rpc,
};
use serde_json::Value;

/// A file of bitcode, up to where LLVM would be given it.
pub fn bitcode_container(bytes: &[u8]) {
    drop(cranefly_bitcode::check_container(bytes, "fuzzed.bc"));
}

/// Bitcode that another engine has packed.
pub fn packed_bitcode(bytes: &[u8]) {
    if let Some(unpacked) = Packed::from_compressed(bytes) {
        // An LZ4 block cannot hold more.
        assert!(unpacked.len() <= bytes.len() * 255, "{} bytes out of {}", unpacked.len(), bytes.len());
    }
}

/// All that a client sends until it hangs up.
pub fn connection(bytes: &[u8]) {
    drop(rpc::serve(BufReader::new(bytes), sink(), |method, params| parameters(method, params).map(|()| Value::Null)));
}

/// The body of one request.
pub fn request(bytes: &[u8]) {
    connection(&[format!("Content-Length: {}\r\n\r\n", bytes.len()).as_bytes(), bytes].concat());
}

/// Reads a request's parameters, as its handler is given them.
///
/// # Errors
/// They are not what the method takes.
pub fn parameters(method: &str, params: Value) -> Result<(), RpcError> {
    let read = match method {
        "initialize" => serde_json::from_value::<InitializeParams>(params).map(drop),
        "publish" | "instances" | "instantiators" => serde_json::from_value::<PublishParams>(params).map(drop),
        "functions" => serde_json::from_value::<FunctionsParams>(params).map(drop),
        "summary" => serde_json::from_value::<SummaryParams>(params).map(drop),
        "inspect" => serde_json::from_value::<InspectParams>(params).map(drop),
        "compile" => serde_json::from_value::<CompileParams>(params).map(drop),
        _ => serde_json::from_value::<WorkspaceParams>(params).map(drop),
    };
    read.map_err(|error| RpcError::invalid(error.to_string()))
}

/// A control file, to which programs may have written anything; `file` is where it is put.
pub fn control_file(bytes: &[u8], file: &Path) {
    /// More than there are cells for requests.
    const REQUESTS: usize = 5000;
    std::fs::write(file, bytes).expect("the folder is there");
    let Ok(control) = Control::open(file) else { return };
    let asked =
        (0..REQUESTS).take_while(|_| control.next_request(Some(Duration::ZERO)) != cranefly_runtime::Request::TimedOut);
    assert!(asked.count() < REQUESTS, "each request is taken once");
    control.complete();
    control.fail_all("cranefly: nobody is there\n");
}

/// The state beside an image that is not complete, behind its header and digest.
pub fn resume_state(bytes: &[u8]) {
    drop(cranefly_program::check_resume_state(bytes));
}

/// What an LLVM worker answers.
pub fn worker_answer(bytes: &[u8]) {
    drop(llvm_worker::read_part(&mut &*bytes));
}

/// A file of Cranelift IR, as people write it.
pub fn clif_text(bytes: &[u8]) {
    drop(cranefly_clif::ClifFile::parse(&String::from_utf8_lossy(bytes)));
}

/// A symbol's name, from an object file that anyone may have made.
pub fn symbol_name(bytes: &[u8]) {
    let name = String::from_utf8_lossy(bytes);
    let demangled = cranefly_bitcode::demangled(&name);
    drop(cranefly_inspect::names::family(&demangled));
    drop(cranefly_inspect::names::family(&name));
}
