//! The program's functions compiled and ready to be placed, and images to place them in.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cranefly_cache::Keyer;
use cranefly_cgu::{CodegenUnit, FunctionInfo, Positions, weight};
use cranefly_codegen::cranelift::Compiler;
use cranefly_codegen::llvm::{Error as LlvmError, LlvmCompiler};
use cranefly_image::{BaseImage, Contents, Draft, Error, Image, ImageOptions, Pending, Room, UnitDemand};
use cranefly_machine::PackedCode;

use crate::corpus::{Corpus, Decoded};

/// Units without bodies, and the code of their functions by unit and number.
pub struct Prepared {
    /// What the image is made of.
    pub units: Vec<Arc<CodegenUnit>>,
    code: HashMap<(Arc<str>, usize), Arc<PackedCode>>,
}

impl Prepared {
    /// Compiles everything. What Cranelift does not take has no code, and waits in the image for its first call.
    pub fn new(corpus: &Corpus, decoded: &[Decoded], compiler: &mut Compiler) -> Result<Self, LlvmError> {
        let llvm = LlvmCompiler::new(&corpus.llvm)?;
        let mut keyer = Keyer::new("bench");
        let mut prepared = Self { units: Vec::new(), code: HashMap::new() };
        for (file, unit) in corpus.units.iter().zip(decoded) {
            let mut functions = Vec::new();
            for (number, (global, body)) in unit.functions.iter().enumerate() {
                if let Ok(code) = compiler.compile(body) {
                    prepared.code.insert((file.id.clone(), number), Arc::new(PackedCode::of(&code)));
                }
                functions.push(Arc::new(FunctionInfo {
                    global: *global,
                    key: keyer.key(body, &file.bytes).0,
                    is_llvm: false,
                    weight: weight(body),
                    symbols: body.symbols.clone().into(),
                    positions: Positions::of(&body.locations),
                    subprogram: body.subprogram.clone(),
                }));
            }
            // As in the engine: only few units have any.
            let assembly = if unit.module.assembly.is_empty() { None } else { llvm.assemble(&file.bytes, &file.id)? };
            let (id, module) = (file.id.clone(), unit.module.clone());
            prepared.units.push(Arc::new(CodegenUnit {
                id,
                module,
                assembly,
                functions,
                bound: BTreeMap::new(),
                is_body_lane: false,
            }));
        }
        Ok(prepared)
    }

    /// The units, one of them as after an edit of its function `number`: the same but for that function's key.
    pub fn edited(&self, unit: usize, number: usize, round: u128) -> Vec<Arc<CodegenUnit>> {
        let mut units = self.units.clone();
        let old = &self.units[unit];
        let mut functions = old.functions.clone();
        let info = &functions[number];
        functions[number] = Arc::new(FunctionInfo { key: info.key ^ (round + 1), ..FunctionInfo::clone(info) });
        let (id, module, assembly) = (old.id.clone(), old.module.clone(), old.assembly.clone());
        units[unit] =
            Arc::new(CodegenUnit { id, module, assembly, functions, bound: BTreeMap::new(), is_body_lane: false });
        units
    }

    /// Gives every pending function its code.
    pub fn install(&self, program: &mut Draft, pending: &[Pending]) -> Result<(), Error> {
        for item in pending {
            match self.code.get(&(item.unit.id.clone(), item.function)) {
                Some(code) => program.install(item, code)?,
                None => program.defer(item),
            }
        }
        Ok(())
    }
}

/// Makes images.
pub struct Linker {
    base: Arc<BaseImage>,
    folder: PathBuf,
    made: u64,
}

impl Linker {
    /// Images on `base`, in a folder of memory if there is one, as in the engine.
    pub fn new(base: &Path) -> Result<Self, Error> {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = parent.join(format!("cranefly-bench-{}", std::process::id()));
        let made = std::fs::create_dir(&folder);
        made.map_err(|source| Error::File { path: folder.clone(), source })?;
        Ok(Self { base: Arc::new(BaseImage::open(base)?), folder, made: 0 })
    }

    /// An empty image with room for `units`. Its file is already gone by name.
    pub fn create(&mut self, units: &[Arc<CodegenUnit>]) -> Result<Image, Error> {
        self.made += 1;
        let path = self.folder.join(format!("{}.so", self.made));
        let each: Vec<UnitDemand> = units.iter().map(UnitDemand::of).collect();
        let demand = cranefly_image::demand(units, &each);
        let control = path.with_extension("control");
        let options = ImageOptions { contents: Contents::default(), full_debug_info: false, control: &control };
        let program = Image::create(&path, self.base.clone(), &demand, &Room::default(), &options)?;
        std::fs::remove_file(&path).map_err(|source| Error::File { path, source })?;
        Ok(program)
    }
}

impl Drop for Linker {
    fn drop(&mut self) {
        // What is left is memory of a benchmark that has ended: nothing to report to anyone.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
