//! A parsed file: functions, directives, and the target that they are compiled for.

use cranefly_codegen::cranelift::{Flags, target};
use cranelift_codegen::ir::Function;
use cranelift_codegen::ir::entities::AnyEntity;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, SettingKind, Value};
use cranelift_codegen::verify_function;
use cranelift_reader::{Details, IsaSpec, ParseError, ParseOptions, RunCommand, parse_run_command, parse_test};

use crate::error::Error;
use crate::report::Fault;

/// A file that may be run.
pub struct ClifFile {
    /// Its functions.
    pub functions: Vec<Function>,
    /// What is to be run.
    pub directives: Vec<Directive>,
    /// Directives that cannot be understood.
    pub faults: Vec<Fault>,
    /// What it is compiled for.
    pub target: OwnedTargetIsa,
}

/// A `; run` or `; print` line.
pub struct Directive {
    /// Its line, from 1.
    pub line: u32,
    /// Which of the functions it calls.
    pub function: usize,
    /// What it says.
    pub command: RunCommand,
}

impl ClifFile {
    /// Parses a file, and verifies its functions.
    ///
    /// # Errors
    /// Everything that is wrong with the functions.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        // The convention that a function without one has: as in a file with `test run`.
        let options = ParseOptions {
            default_calling_convention: cranelift_codegen::isa::CallConv::SystemV,
            ..ParseOptions::default()
        };
        let parsed = parse_test(text, options).map_err(|error| vec![fault(&error)])?;
        let target =
            target_of(&parsed.isa_spec).map_err(|error| vec![Fault { line: 1, message: error.to_string() }])?;
        let faults: Vec<Fault> =
            parsed.functions.iter().flat_map(|(function, details)| verify(function, details, &target)).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let (functions, details): (Vec<Function>, Vec<Details>) = parsed.functions.into_iter().unzip();
        let mut file = Self { functions, directives: Vec::new(), faults: Vec::new(), target };
        for (number, details) in details.iter().enumerate() {
            for comment in &details.comments {
                file.directive(comment.text, line_of(text, comment.text), number);
            }
        }
        Ok(file)
    }

    /// Takes a comment behind function `number` for a directive, if it is one.
    fn directive(&mut self, comment: &str, line: u32, number: usize) {
        let word = comment.trim_start_matches([';', ' ']);
        let is_one = ["run", "print"]
            .into_iter()
            .any(|name| word.strip_prefix(name).is_some_and(|rest| rest.trim().is_empty() || rest.starts_with(':')));
        if !is_one {
            return;
        }
        let function = self.called(word).unwrap_or(number);
        match parse_run_command(comment, &self.functions[function].signature) {
            Ok(Some(command)) => self.directives.push(Directive { line, function, command }),
            Ok(None) => {}
            Err(error) => self.faults.push(Fault { line, message: error.message }),
        }
    }

    /// The function that a directive names; without a name it means the one that it follows.
    fn called(&self, directive: &str) -> Option<usize> {
        let rest = directive.split_once('%')?.1;
        let name = rest.split('(').next()?.trim();
        self.functions.iter().position(|function| function.name.to_string().strip_prefix('%') == Some(name))
    }
}

fn fault(error: &ParseError) -> Fault {
    Fault { line: u32::try_from(error.location.line_number).unwrap_or(0).max(1), message: error.message.clone() }
}

/// Line of `part`, which is a part of `text`.
fn line_of(text: &str, part: &str) -> u32 {
    let offset = part.as_ptr().addr().saturating_sub(text.as_ptr().addr()).min(text.len());
    text.as_bytes()[..offset].iter().filter(|&&byte| byte == b'\n').count() as u32 + 1
}

/// What Cranelift's verifier has against a function.
fn verify(function: &Function, details: &Details, target: &OwnedTargetIsa) -> Vec<Fault> {
    let Err(errors) = verify_function(function, &**target) else { return Vec::new() };
    let start = details.location.line_number;
    let line = |entity: AnyEntity| details.map.location(entity).map_or(start, |location| location.line_number);
    errors
        .0
        .into_iter()
        .map(|error| {
            let context = error.context.map(|context| format!(" ({context})")).unwrap_or_default();
            let message = format!("{}: {}{context}", error.location, error.message);
            Fault { line: u32::try_from(line(error.location)).unwrap_or(start as u32), message }
        })
        .collect()
}

/// The engine's settings, and on top what the file's `set` and `target` lines say.
fn target_of(spec: &IsaSpec) -> Result<OwnedTargetIsa, Error> {
    let (flags, features) = match spec {
        IsaSpec::None(flags) => (flags, Vec::new()),
        IsaSpec::Some(targets) => {
            let ours = targets.iter().find(|target| target.triple().architecture.to_string() == "x86_64");
            let ours = ours.ok_or(Error::OtherTarget)?;
            (ours.flags(), ours.isa_flags())
        }
    };
    let usual = settings::Flags::new(settings::builder());
    let usual: Vec<(&str, String)> = usual.iter().map(|value| (value.name, text_of(&value))).collect();
    let set: Vec<(String, String)> = flags
        .iter()
        .map(|value| (value.name, text_of(&value)))
        .filter(|pair| !usual.contains(pair))
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let enabled = features.iter().filter(|value| value.as_bool() == Some(true)).map(|value| value.name);
    Ok(target(Flags::default(), enabled, &set)?)
}

/// A setting's value, as it is written.
fn text_of(value: &Value) -> String {
    match value.kind() {
        SettingKind::Bool => value.as_bool().map(|value| value.to_string()),
        SettingKind::Num => value.as_num().map(|value| value.to_string()),
        SettingKind::Enum => value.as_enum().map(str::to_owned),
        SettingKind::Preset => None,
    }
    .unwrap_or_default()
}
