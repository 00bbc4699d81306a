//! Finding and loading the toolchain's `libLLVM`.

use std::ffi::{CStr, c_void};
use std::fs::File;
use std::io::Read;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::Arc;

use crate::error::Error;
use crate::ffi::{Api, Optional};

/// The toolchain's LLVM, loaded. Cheap to clone; may be shared between threads (every reader has a context of its own).
#[derive(Clone)]
pub struct Llvm {
    shared: Arc<Shared>,
}

struct Shared {
    api: Api,
    optional: Optional,
    path: PathBuf,
    version: (u32, u32, u32),
    /// Never unloaded: LLVM registers process-wide state (targets, command line options, exit handlers).
    library: ManuallyDrop<libloading::Library>,
}

impl Llvm {
    /// Loads `<sysroot>/lib/libLLVM*.so*` (as `rustc --print sysroot` gives it) and checks that it exports what the
    /// reader needs.
    ///
    /// # Errors
    /// [`Error::LibraryMissing`], [`Error::LibraryBroken`] or [`Error::SymbolMissing`].
    pub fn open(sysroot: &Path) -> Result<Self, Error> {
        let path = find(sysroot)?;
        // SAFETY: loading runs LLVM's static constructors, which only register options and allocate.
        let library = unsafe { libloading::Library::new(&path) }
            .map_err(|source| Error::LibraryBroken { path: path.clone(), source })?;
        let library = ManuallyDrop::new(library);
        let find = |name: &CStr| lookup(&library, name);
        let api = Api::load(find).map_err(|symbol| Error::SymbolMissing { path: path.clone(), symbol })?;
        let optional = Optional::load(find);
        let (mut major, mut minor, mut patch) = (0, 0, 0);
        api.LLVMGetVersion(&mut major, &mut minor, &mut patch);
        Ok(Self { shared: Arc::new(Shared { api, optional, path, version: (major, minor, patch), library }) })
    }

    /// Major, minor and patch version of LLVM.
    pub fn version(&self) -> (u32, u32, u32) {
        self.shared.version
    }

    /// The library file that was loaded.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Whether single functions can be read from a file (otherwise files are read as a whole).
    pub fn is_lazy(&self) -> bool {
        self.shared.optional.materialize.is_some()
    }

    /// Address of another exported function, for stages that need more of LLVM than reading. Valid for ever: the library
    /// is never unloaded.
    pub fn address(&self, name: &CStr) -> Option<NonNull<c_void>> {
        lookup(&self.shared.library, name)
    }

    pub(crate) fn api(&self) -> &Api {
        &self.shared.api
    }

    pub(crate) fn optional(&self) -> &Optional {
        &self.shared.optional
    }
}

impl std::fmt::Debug for Llvm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Llvm").field("path", &self.shared.path).field("version", &self.shared.version).finish()
    }
}

fn lookup(library: &libloading::Library, name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: only the address is taken.
    let symbol = unsafe { library.get::<*mut c_void>(name.to_bytes_with_nul()) }.ok()?;
    NonNull::new(*symbol)
}

/// The library file: beside it lies a linker script of nearly the same name, so only real ELF files count.
fn find(sysroot: &Path) -> Result<PathBuf, Error> {
    let folder = sysroot.join("lib");
    let missing = || Error::LibraryMissing(folder.clone());
    let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map_err(|_| missing())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
            name.starts_with("libLLVM") && name.contains(".so") && is_elf(path)
        })
        .collect();
    found.sort();
    found.pop().ok_or_else(missing)
}

fn is_elf(path: &Path) -> bool {
    let mut magic = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
}
