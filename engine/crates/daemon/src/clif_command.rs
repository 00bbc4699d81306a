//! `cranefly-engine clif`: runs the directives of a `.clif` file, without a daemon.

use std::io::{Read, Write};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use cranefly_clif::supervise::{confined, run_all};

const USAGE: &str = "usage: cranefly-engine clif FILE [--line LINE] [--timeout-ms N]
FILE may be - for standard input. The answer is JSON: {errors: [{line, message}], directives: [{line, ok, message}]}";

/// A directive that runs longer is given up.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest file.
const MAX_TEXT: u64 = 16 << 20;

struct Arguments {
    file: String,
    /// The only directive that is wanted.
    line: Option<u32>,
    /// This process is the one to run it in.
    here: bool,
    timeout: Duration,
}

/// Answers on standard output and ends the process.
pub fn run(args: impl Iterator<Item = String>) -> ! {
    let code = match arguments(args).and_then(|arguments| answer(&arguments)) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("cranefly-engine: {error:#}");
            1
        }
    };
    std::process::exit(code)
}

fn arguments(mut args: impl Iterator<Item = String>) -> anyhow::Result<Arguments> {
    let file = args.next().context(USAGE)?;
    let mut arguments = Arguments { file, line: None, here: false, timeout: TIMEOUT };
    while let Some(flag) = args.next() {
        let value = args.next().with_context(|| format!("{flag} needs a value; {USAGE}"))?;
        match flag.as_str() {
            "--line" => arguments.line = Some(value.parse().context("--line")?),
            "--timeout-ms" => arguments.timeout = Duration::from_millis(value.parse().context("--timeout-ms")?),
            // Between processes of ours: see `cranefly_clif::supervise`.
            "--run" => (arguments.line, arguments.here) = (Some(value.parse().context("--run")?), true),
            _ => bail!("unknown option {flag}; {USAGE}"),
        }
    }
    Ok(arguments)
}

fn answer(arguments: &Arguments) -> anyhow::Result<()> {
    let text = text(&arguments.file)?;
    let answer = match arguments.line {
        Some(line) if arguments.here => serde_json::to_vec(&confined(&text, line, arguments.timeout))?,
        only => {
            let executable = std::env::current_exe()?;
            let command = |line: u32| {
                let mut command = Command::new(&executable);
                command.args(["clif", "-", "--timeout-ms", &arguments.timeout.as_millis().to_string()]);
                command.args(["--run", &line.to_string()]);
                command
            };
            serde_json::to_vec(&run_all(&text, only, arguments.timeout, command))?
        }
    };
    std::io::stdout().write_all(&answer)?;
    Ok(())
}

fn text(file: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    let limit = MAX_TEXT + 1;
    if file == "-" {
        std::io::stdin().lock().take(limit).read_to_string(&mut text).context("standard input")?;
    } else {
        let opened = std::fs::File::open(file).with_context(|| file.to_owned())?;
        opened.take(limit).read_to_string(&mut text).with_context(|| file.to_owned())?;
    }
    if text.len() as u64 > MAX_TEXT {
        bail!("{file} is longer than 16 MB");
    }
    Ok(text)
}
