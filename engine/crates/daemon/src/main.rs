//! The program `cranefly-engine`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    cranefly_daemon::main()
}
