//! What codegen units take in memory, by what it is: `memory < LIST`, a bitcode file's name on each line.

use std::collections::HashSet;
use std::error::Error;
use std::io::BufRead;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use cranefly_bitcode::Llvm;
use cranefly_bitcode::ir::{Global, GlobalKind, InitPointer, Variable};
use cranefly_cache::Key;
use cranefly_cgu::{
    BitcodeFile, BitcodeForm, DecodeHandler, DecodedFunction, Digest, FunctionIdentity, FunctionInfo, HandlerError,
    LoadedUnit, ReadContext, ReadTimes, Shape, UnitCache,
};

/// Compiles nothing.
struct Plain;

impl DecodeHandler for Plain {
    fn decoded(&self, key: Key, _: DecodedFunction<'_>) -> Result<FunctionIdentity, HandlerError> {
        Ok(FunctionIdentity { key, is_llvm: false, is_compiled: false })
    }

    fn assemble(&self, _: &[u8], _: &str) -> Result<Option<Vec<u8>>, HandlerError> {
        Ok(None)
    }
}

/// Bytes by what they are of. Counts of an `Arc` and what allocations take besides are left out.
#[derive(Default)]
struct Sizes {
    functions: usize,
    bitcode: usize,
    globals: usize,
    names: usize,
    contents: usize,
    infos: usize,
    operands: usize,
    positions: usize,
    debug_info: usize,
    /// What was counted, by address.
    seen: HashSet<usize>,
}

impl Sizes {
    fn add(&mut self, unit: &LoadedUnit) {
        self.bitcode += unit.bitcode.compressed().len();
        for global in &unit.unit.module.globals {
            self.globals += size_of::<Global>();
            self.names += if self.is_new(&global.name) { global.name.len() } else { 0 };
            let GlobalKind::Variable(variable) = &global.kind else { continue };
            self.globals += size_of::<Variable>();
            let init = variable.init.iter();
            let bytes = init.map(|init| init.bytes.capacity() + init.pointers.capacity() * size_of::<InitPointer>());
            self.contents += bytes.sum::<usize>();
        }
        for function in &unit.unit.functions {
            self.functions += 1;
            self.infos += size_of::<FunctionInfo>() + size_of::<ReadTimes>() + size_of::<Shape>();
            self.operands += size_of_val(&*function.symbols);
            self.positions += function.positions.size();
            let inlined = function.positions.frames().map(|frame| frame.subprogram);
            for subprogram in function.subprogram.iter().chain(inlined) {
                if self.is_new(subprogram) {
                    self.debug_info += size_of_val(&**subprogram) + subprogram.namespace.len() * size_of::<Arc<str>>();
                    let own = [&subprogram.name, &subprogram.linkage_name].into_iter().chain(&subprogram.namespace);
                    for text in own {
                        self.names += if self.is_new(text) { text.len() } else { 0 };
                    }
                }
            }
        }
    }

    fn is_new<T: ?Sized>(&mut self, shared: &Arc<T>) -> bool {
        self.seen.insert(Arc::as_ptr(shared).cast::<()>().addr())
    }

    fn rows(&self) -> [(&str, usize); 8] {
        [
            ("packed bitcode", self.bitcode),
            ("globals", self.globals),
            ("names, each once", self.names),
            ("contents of variables", self.contents),
            ("functions", self.infos),
            ("what they refer to", self.operands),
            ("source positions", self.positions),
            ("debug info, each once", self.debug_info),
        ]
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let llvm = Llvm::open(Path::new(String::from_utf8(sysroot.stdout)?.trim()))?;
    let context = ReadContext { llvm: &llvm, configuration: "memory".into(), handler: &Plain };
    let (cache, mut units, mut sizes) = (UnitCache::default(), Vec::new(), Sizes::default());
    for name in std::io::stdin().lock().lines() {
        let name = name?;
        let digest = Digest::of(&std::fs::read(&name)?);
        let file = BitcodeFile { path: name.as_str().into(), digest, form: BitcodeForm::Plain };
        let (unit, _) = cache.load(&file, &name.into(), &context)?;
        sizes.add(&unit);
        units.push(unit);
    }
    println!("{} units, {} functions", units.len(), sizes.functions);
    let each = |bytes: usize| bytes as f64 / sizes.functions.max(1) as f64;
    for (what, bytes) in sizes.rows() {
        println!("{what:24} {bytes:12} bytes {:8.1} a function", each(bytes));
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    for line in status.lines().filter(|line| line.starts_with("RssAnon")) {
        println!("{line}, everything included");
    }
    Ok(())
}
