//! The public face: one bitcode file, opened.

use std::cell::RefCell;
use std::ffi::CStr;
use std::path::Path;

use crate::context::Context;
use crate::error::Error;
use crate::function::{self, Tables};
use crate::global_table::GlobalTable;
use crate::globals;
use crate::ir::{Function, GlobalId, GlobalKind, Module};
use crate::library::Llvm;
use crate::print::{self, PrintedFunction};
use crate::type_table::TypeTable;

/// One codegen unit, open for reading. Owns an LLVM context, so it stays on its thread.
pub struct Reader {
    context: Context,
    globals: GlobalTable,
    module: Module,
    tables: RefCell<Tables>,
}

impl Reader {
    /// Opens the bitcode in `bytes`; `name` is what errors call the file. Reads everything but function bodies.
    ///
    /// # Errors
    /// Anything of [`Error`] but those about the library.
    pub fn open(llvm: &Llvm, bytes: impl Into<Box<[u8]>>, name: &str) -> Result<Self, Error> {
        Self::new(Context::parse(llvm, bytes.into(), name, false)?)
    }

    /// As [`Self::open`], with the names of local values, which [`Self::print`] shows.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with_names(llvm: &Llvm, bytes: impl Into<Box<[u8]>>, name: &str) -> Result<Self, Error> {
        Self::new(Context::parse(llvm, bytes.into(), name, true)?)
    }

    fn new(context: Context) -> Result<Self, Error> {
        let llvm = context.llvm.clone();
        check_target(&context)?;
        let mut types = TypeTable::new(llvm.api(), context.module);
        let (globals, module) = globals::read(&context, &mut types)?;
        let tables = RefCell::new(Tables::new(&context, types));
        Ok(Self { context, globals, module, tables })
    }

    /// Opens a file. It is read as a whole: a mapping could be cut short under us by whoever writes next.
    ///
    /// # Errors
    /// As [`Self::open`], and [`Error::Io`].
    pub fn open_file(llvm: &Llvm, path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|source| Error::Io { file: name.clone(), source })?;
        Self::open(llvm, bytes, &name)
    }

    /// LLVM's own text of one function.
    ///
    /// # Errors
    /// As [`Self::function`].
    pub fn print(&self, id: GlobalId) -> Result<PrintedFunction, Error> {
        // Decoding checks that there is a body, and reads it.
        self.function(id)?;
        let mut tables = self.tables.borrow_mut();
        Ok(print::print(&self.context, &mut tables.debug, self.globals.handles[id.0 as usize]))
    }

    pub(crate) fn into_parts(self) -> (Context, GlobalTable, Module) {
        (self.context, self.globals, self.module)
    }

    /// All globals of the unit.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The file's name, as given.
    pub fn name(&self) -> &str {
        &self.context.file
    }

    /// What it reads from, as given.
    pub fn bitcode(&self) -> &[u8] {
        &self.context.bytes
    }

    /// Functions with a body in this unit, in file order.
    pub fn functions(&self) -> impl Iterator<Item = GlobalId> + '_ {
        let defined = |kind: &GlobalKind| matches!(kind, GlobalKind::Function { defined: true });
        (0u32..)
            .map(GlobalId)
            .zip(&self.module.globals)
            .filter(move |(_, global)| defined(&global.kind))
            .map(|(id, _)| id)
    }

    /// Reads and decodes the body of one function.
    ///
    /// # Errors
    /// [`Error::NoBody`] when `id` is no function definition, [`Error::Invalid`] or [`Error::Inconsistent`] when the
    /// file is broken.
    pub fn function(&self, id: GlobalId) -> Result<Function, Error> {
        let global = self.module.globals.get(id.0 as usize);
        match global.map(|global| &global.kind) {
            Some(GlobalKind::Function { defined: true }) => {}
            _ => {
                let name = global.map_or_else(|| format!("global {}", id.0), |global| global.name.to_string());
                return Err(Error::NoBody { file: self.context.file.clone(), name });
            }
        }
        let mut tables = self.tables.borrow_mut();
        function::decode(&self.context, &self.globals, &mut tables, self.globals.handles[id.0 as usize])
    }
}

/// Layouts in `types` are those of this data layout only.
fn check_target(cx: &Context) -> Result<(), Error> {
    let api = cx.api();
    // SAFETY: NUL-terminated strings that the module owns.
    let [triple, layout] = [api.LLVMGetTarget(cx.module), api.LLVMGetDataLayoutStr(cx.module)]
        .map(|text| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned());
    let mut parts = triple.split('-');
    let linux = parts.next() == Some("x86_64") && parts.any(|part| part == "linux") && !triple.ends_with("x32");
    let little = layout.starts_with("e-m:e-");
    let specs = ["i64:64", "i128:128", "f80:128", "S128"];
    let expected = specs.iter().all(|spec| layout.split('-').any(|part| part == *spec));
    if linux && little && expected {
        return Ok(());
    }
    Err(Error::Target { file: cx.file.clone(), triple, layout })
}
