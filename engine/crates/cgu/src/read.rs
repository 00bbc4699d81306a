//! Reading a unit: every function is decoded once, and only what must be known without its body stays.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use cranefly_bitcode::ir::{Function, GlobalId, Module};
use cranefly_bitcode::{Llvm, Reader};
use cranefly_cache::{Key, Keyer};

use crate::digest::Digest;
use crate::error::{HandlerError, UnitError};
use crate::intern::{DebugNames, Interner};
use crate::loaded::{LoadedUnit, Parts, ReadTimes};
use crate::packed::Packed;
use crate::positions::Positions;
use crate::shape::Shape;
use crate::unit::{CodegenUnit, FunctionInfo};
use crate::weight::weight;

/// A file with bitcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BitcodeFile {
    /// Where it is.
    pub path: PathBuf,
    /// Of what rustc wrote.
    pub digest: Digest,
    /// How the file holds it.
    pub form: BitcodeForm,
}

/// How a file holds bitcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitcodeForm {
    /// As rustc wrote it.
    Plain,
    /// As [`Packed::compressed`] gives it.
    Packed,
}

/// A function of a unit, decoded.
#[derive(Clone, Copy)]
pub struct DecodedFunction<'a> {
    /// Its unit.
    pub module: &'a Module,
    /// The unit's bitcode.
    pub bitcode: &'a [u8],
    /// Which global it is.
    pub global: GlobalId,
    /// Its decoded form.
    pub body: &'a Function,
}

impl DecodedFunction<'_> {
    /// Its linker name.
    pub fn name(&self) -> &str {
        &self.module.globals[self.global.0 as usize].name
    }
}

/// What a [`DecodeHandler`] finds out about a function.
#[derive(Clone, Copy, Debug)]
pub struct FunctionIdentity {
    /// Its key.
    pub key: Key,
    /// LLVM compiles it: the key says what only LLVM reads, too.
    pub is_llvm: bool,
    /// It was compiled meanwhile.
    pub is_compiled: bool,
}

/// Says what happens while a unit is read.
pub trait DecodeHandler: Sync {
    /// Is shown a function while its body is at hand; `key` is that of its decoded form.
    ///
    /// # Errors
    /// The unit cannot be had.
    fn decoded(&self, key: Key, function: DecodedFunction<'_>) -> Result<FunctionIdentity, HandlerError>;

    /// Makes the object of the `module asm` in `bitcode`. Not asked for units that have none. `file`: what errors call it.
    ///
    /// # Errors
    /// The unit cannot be had.
    fn assemble(&self, bitcode: &[u8], file: &str) -> Result<Option<Vec<u8>>, HandlerError>;
}

/// What reading a unit depends on, besides its file.
#[derive(Clone)]
pub struct ReadContext<'a> {
    /// The toolchain's LLVM.
    pub llvm: &'a Llvm,
    /// Everything outside of a function that its code depends on: part of its key.
    pub configuration: Arc<str>,
    /// Is shown every function.
    pub handler: &'a dyn DecodeHandler,
}

/// Reads a file as a whole, once: what LLVM reads of it, now or when a function is first called, is what was checked.
fn read_checked(file: &BitcodeFile) -> Result<Vec<u8>, UnitError> {
    let bytes = std::fs::read(&file.path).map_err(|source| UnitError::Io { file: file.path.clone(), source })?;
    let bytes = match file.form {
        BitcodeForm::Plain => Some(bytes),
        BitcodeForm::Packed => Packed::from_compressed(&bytes),
    };
    let bytes = bytes.filter(|bytes| Digest::of(bytes) == file.digest);
    bytes.ok_or_else(|| UnitError::Altered { file: file.path.clone() })
}

/// Reads a unit. What it has in common with others is `interner`'s.
pub(crate) fn read(
    file: &BitcodeFile,
    id: &Arc<str>,
    context: &ReadContext<'_>,
    interner: &Arc<Interner>,
) -> Result<LoadedUnit, UnitError> {
    let start = Instant::now();
    let name = file.path.display().to_string();
    let reader = Reader::open(context.llvm, read_checked(file)?, &name)?;
    let bytes = reader.bitcode();
    let open_us = start.elapsed().as_secs_f64() * 1e6;
    let mut keyer = Keyer::new(&context.configuration);
    let ids: Vec<_> = reader.functions().collect();
    let mut functions = Vec::with_capacity(ids.len());
    let mut times = Vec::with_capacity(ids.len());
    let mut compiled = Vec::new();
    let mut shapes = Vec::with_capacity(ids.len());
    let mut module = reader.module().clone();
    interner.share_names(&mut module);
    let mut debug_names = DebugNames::new(interner);
    for global in ids {
        let start = Instant::now();
        let mut body = reader.function(global)?;
        let decoded = Instant::now();
        let plain = keyer.key(&body, bytes);
        times.push(ReadTimes {
            decode: (decoded - start).as_secs_f32() * 1e6,
            key: decoded.elapsed().as_secs_f32() * 1e6,
        });
        shapes.push(Shape::of(&body));
        let function = DecodedFunction { module: &module, bitcode: bytes, global, body: &body };
        let identity = context.handler.decoded(plain, function);
        let FunctionIdentity { key, is_llvm, is_compiled } = identity.map_err(|source| UnitError::Function {
            file: file.path.clone(),
            function: function.name().to_owned(),
            source,
        })?;
        if is_compiled {
            compiled.push(key);
        }
        let weight = weight(&body);
        debug_names.share(&mut body);
        let Function { symbols, locations, subprogram, .. } = body;
        let (symbols, positions) = (symbols.into(), Positions::of(&locations));
        functions.push(Arc::new(FunctionInfo { global, key: key.0, is_llvm, weight, symbols, positions, subprogram }));
    }
    check_module(&module, &file.path)?;
    let assembly = assemble(context.handler, &module, bytes, &file.path)?;
    let unit = CodegenUnit { id: id.clone(), module, assembly, functions, bound: BTreeMap::new(), is_body_lane: false };
    let digest = file.digest;
    let bitcode = Arc::new(Packed::of(bytes));
    let (path, interner) = (file.path.clone(), interner.clone());
    Ok(LoadedUnit::read(Parts { unit, path, bitcode, digest, open_us, times, compiled, shapes, interner }))
}

/// Refuses what an image would get wrong: initial contents without a flat form, and constructors that are not in a section.
fn check_module(module: &Module, file: &Path) -> Result<(), UnitError> {
    if let Some((variable, construct)) = module.unsupported.first() {
        return Err(UnitError::Initializer {
            file: file.to_owned(),
            variable: module.globals[variable.0 as usize].name.to_string(),
            construct: construct.to_string(),
        });
    }
    if !module.constructors.is_empty() || !module.destructors.is_empty() {
        return Err(UnitError::ListedConstructors { file: file.to_owned() });
    }
    Ok(())
}

/// The object of a unit's `module asm`.
fn assemble(
    handler: &dyn DecodeHandler,
    module: &Module,
    bytes: &[u8],
    file: &Path,
) -> Result<Option<Vec<u8>>, UnitError> {
    if module.assembly.is_empty() {
        return Ok(None);
    }
    let object = handler.assemble(bytes, &file.display().to_string());
    object.map_err(|source| UnitError::Assembly { file: file.to_owned(), source })
}
