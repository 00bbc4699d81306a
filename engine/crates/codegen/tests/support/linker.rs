//! A linker into memory: as little as the tests need. Pages are writable first and executable afterwards.

use std::cell::{RefCell, UnsafeCell};
use std::collections::HashMap;
use std::ffi::{CString, c_void};
use std::sync::{Mutex, OnceLock};

use cranefly_bitcode::ir::{GlobalId, GlobalKind, Linkage};
use cranefly_codegen::llvm::OptLevel;
use cranefly_codegen::machine::{MachineCode, RelocationKind, Target};
use object::{Object, ObjectSymbol};

use super::Unit;
use super::generate::{self, Generated, Tier};

/// Room for code, stubs, address slots and data.
const TEXT: usize = 16 << 20;
const DATA: usize = 16 << 20;

/// A function in place.
pub struct Placed {
    pub name: String,
    pub address: usize,
    pub code: MachineCode,
}

/// A linked program.
pub struct Linked {
    symbols: HashMap<String, usize>,
    pub functions: Vec<Placed>,
    /// Constructs that kept functions out, with the function's name.
    pub missing: Vec<(String, String)>,
}

/// A thread-local's template.
struct Template {
    size: usize,
    bytes: Vec<u8>,
}

impl Template {
    /// Address of a new one, for good.
    fn leak(size: usize, bytes: &[u8]) -> usize {
        Box::leak(Box::new(Self { size, bytes: bytes.to_vec() })) as *mut Self as usize
    }
}

/// Thread-locals that code reaches by their distance from the thread pointer, as LLVM's does: they lie in this one, which is
/// the test executable's own. Their contents are those of the thread that links.
const STATIC_ROOM: usize = 4096;
#[repr(align(64))]
struct StaticRoom(UnsafeCell<[u8; STATIC_ROOM]>);
thread_local! {
    static STATIC: StaticRoom = const { StaticRoom(UnsafeCell::new([0; STATIC_ROOM])) };
}

struct Memory {
    base: usize,
    text_end: usize,
    end: usize,
    text: usize,
    data: usize,
    stubs: HashMap<usize, usize>,
    slots: HashMap<usize, usize>,
    /// By address of the template: the slot that holds its distance from the thread pointer.
    offsets: HashMap<usize, usize>,
    /// Bytes of [`STATIC`] in use.
    room: usize,
}

impl Linked {
    /// Links every function of source `name`, compiled by rustc and by the engine's `tier` at `opt_level`.
    pub fn new(name: &str, tier: Tier, opt_level: OptLevel) -> Self {
        let units = super::units(name, opt_level);
        let mut memory = Memory::new();
        let mut local: HashMap<(usize, u32), usize> = HashMap::new();
        let mut symbols: HashMap<String, usize> = HashMap::new();
        let mut functions = Vec::new();
        let mut missing = Vec::new();
        let mut pending = Vec::new();

        for Generated { unit, global, body, result } in generate::all(&units, tier, opt_level) {
            let name = units[unit].reader.module().globals[global.0 as usize].name.to_string();
            match result {
                Ok((code, symbols)) => {
                    check_tables(&name, &code, body.locations.len());
                    let address = memory.place(&code);
                    local.insert((unit, global.0), address);
                    pending.push((unit, address, symbols));
                    functions.push(Placed { name, address, code });
                }
                Err(error) => missing.push((error, name)),
            }
        }
        for (unit, Unit { reader, .. }) in units.iter().enumerate() {
            for (index, global) in reader.module().globals.iter().enumerate() {
                if let GlobalKind::Variable(variable) = &global.kind
                    && let Some(init) = &variable.init
                {
                    let address = match variable.thread_local {
                        true => Template::leak(variable.size as usize, &init.bytes),
                        false => memory.data(&init.bytes, variable.size as usize, variable.align as usize),
                    };
                    local.insert((unit, index as u32), address);
                }
                if global.linkage != Linkage::Local
                    && let Some(&address) = local.get(&(unit, index as u32))
                {
                    symbols.insert(global.name.to_string(), address);
                }
            }
        }

        let resolve = |unit: usize, global: GlobalId| -> usize {
            if let Some(&address) = local.get(&(unit, global.0)) {
                return address;
            }
            let name = &*units[unit].reader.module().globals[global.0 as usize].name;
            symbols.get(name).copied().or_else(|| outside(name)).unwrap_or_else(|| absent(name))
        };
        for (unit, Unit { reader, .. }) in units.iter().enumerate() {
            for (index, global) in reader.module().globals.iter().enumerate() {
                if let GlobalKind::Variable(variable) = &global.kind
                    && let (Some(init), false) = (&variable.init, variable.thread_local)
                {
                    let at = local[&(unit, index as u32)];
                    for pointer in &init.pointers {
                        let value = resolve(unit, pointer.target).wrapping_add(pointer.addend as usize);
                        write(at + pointer.offset as usize, &value.to_le_bytes());
                    }
                }
            }
        }
        for (placed, (unit, address, symbols)) in functions.iter().zip(&pending) {
            for relocation in &placed.code.relocations {
                let target = match &relocation.target {
                    Target::Symbol(symbol) | Target::Variadic(symbol) => {
                        resolve(*unit, symbols[*symbol as usize].global)
                    }
                    Target::Runtime(name) => {
                        outside(name).unwrap_or_else(|| panic!("run-time function {name}, called by {}", placed.name))
                    }
                    Target::Local(offset) => address + *offset as usize,
                    Target::Global(_) => panic!("not made by a code generator"),
                };
                let place = address + relocation.offset as usize;
                let relative = |to: usize| {
                    let distance = (to as i64).wrapping_add(relocation.addend).wrapping_sub(place as i64);
                    i32::try_from(distance).expect("in reach").to_le_bytes()
                };
                match relocation.kind {
                    RelocationKind::Call32 => {
                        let variadic = matches!(relocation.target, Target::Variadic(_));
                        let to = memory.call_target(target, variadic);
                        write(place, &relative(to));
                    }
                    RelocationKind::Pc32 => write(place, &relative(target)),
                    RelocationKind::GotPcRel32 { .. } => {
                        let slot = memory.address_slot(target);
                        write(place, &relative(slot));
                    }
                    RelocationKind::TlsGd => {
                        // data16 lea x@tlsgd(%rip), %rdi; data16 data16 rex.W call: the bytes the psABI demands.
                        assert_eq!(read(place - 4, 4), [0x66, 0x48, 0x8d, 0x3d]);
                        assert_eq!(read(place + 4, 4), [0x66, 0x66, 0x48, 0xe8]);
                        let slot = memory.address_slot(target);
                        write(place, &relative(slot));
                        let call = memory.call_target(thread_local as *const () as usize, false);
                        let distance = call as i64 - (place as i64 + 12);
                        write(place + 8, &i32::try_from(distance).expect("in reach").to_le_bytes());
                    }
                    RelocationKind::Abs64 => write(place, &(target as i64 + relocation.addend).to_le_bytes()),
                    RelocationKind::GotTpOff => {
                        // SAFETY: thread-locals are leaked templates.
                        let slot = memory.offset_slot(unsafe { &*(target as *const Template) });
                        write(place, &relative(slot));
                    }
                }
            }
        }
        memory.seal();
        Self { symbols, functions, missing }
    }

    /// Address of an exported function.
    pub fn address(&self, name: &str) -> usize {
        let missing = || panic!("{name} is not there; not compiled: {:?}", self.missing);
        *self.symbols.get(name).unwrap_or_else(missing)
    }
}

/// All that LLVM makes of a function that is never entered: `ud2`.
const NEVER_ENTERED: [u8; 2] = [0x0f, 0x0b];

/// What holds for all machine code: tables by rising offset, inside the function, with source positions in them.
fn check_tables(name: &str, code: &MachineCode, locations: usize) {
    let offsets: Vec<u32> = code.relocations.iter().map(|relocation| relocation.offset).collect();
    assert!(offsets.is_sorted() && offsets.iter().all(|&offset| offset as usize + 4 <= code.bytes.len()));
    assert!(code.lines.is_sorted_by_key(|row| row.0) && code.lines.iter().all(|row| row.0 < code.text_len));
    let known = code.lines.iter().filter(|row| row.1 != u32::MAX);
    assert!(known.clone().all(|row| (row.1 as usize) < locations));
    assert!(locations == 0 || known.count() > 0 || code.bytes == NEVER_ENTERED, "{name}");
    assert!(code.text_len > 0 && code.text_len as usize <= code.bytes.len());
}

/// Places one function that names no symbols, only run-time functions.
pub fn link_one(code: &MachineCode) -> usize {
    let mut memory = Memory::sized(code.bytes.len().next_multiple_of(4096) + 4096, 4096);
    let address = memory.place(code);
    for relocation in &code.relocations {
        let Target::Runtime(name) = &relocation.target else { panic!("symbol in a lone function") };
        let target = outside(name).unwrap_or_else(|| panic!("run-time function {name}"));
        let place = address + relocation.offset as usize;
        let stub = memory.call_target(target, false);
        let distance = stub as i64 + relocation.addend - place as i64;
        write(place, &i32::try_from(distance).expect("in reach").to_le_bytes());
    }
    memory.seal();
    address
}

impl Memory {
    fn new() -> Self {
        Self::sized(TEXT, DATA)
    }

    fn sized(text: usize, data: usize) -> Self {
        // SAFETY: a fresh anonymous mapping.
        let base = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
            libc::mmap(std::ptr::null_mut(), text + data, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0)
        };
        assert_ne!(base, libc::MAP_FAILED);
        let base = base as usize;
        Self {
            base,
            text_end: base + text,
            end: base + text + data,
            text: base,
            data: base + text,
            stubs: HashMap::new(),
            slots: HashMap::new(),
            offsets: HashMap::new(),
            room: 0,
        }
    }

    fn place(&mut self, code: &MachineCode) -> usize {
        self.text = self.text.next_multiple_of(code.align as usize);
        let at = self.text;
        self.text += code.bytes.len();
        assert!(self.text <= self.text_end);
        write(at, &code.bytes);
        at
    }

    fn data(&mut self, bytes: &[u8], size: usize, align: usize) -> usize {
        self.data = self.data.next_multiple_of(align.max(1));
        let at = self.data;
        self.data += size.max(1);
        assert!(self.data <= self.end);
        write(at, bytes);
        at
    }

    /// `target`, or a stub that jumps to it.
    fn call_target(&mut self, target: usize, variadic: bool) -> usize {
        if (self.base..self.text_end).contains(&target) {
            return target;
        }
        if let Some(&stub) = self.stubs.get(&(target | usize::from(variadic) << 63)) {
            return stub;
        }
        self.text = self.text.next_multiple_of(16);
        let at = self.text;
        self.text += 32;
        let mut code = Vec::new();
        if variadic {
            code.extend([0xb0, 8]); // mov al, 8
        }
        code.extend([0xff, 0x25, 0, 0, 0, 0]); // jmp *0(%rip)
        code.extend(target.to_le_bytes());
        write(at, &code);
        self.stubs.insert(target | usize::from(variadic) << 63, at);
        at
    }

    fn address_slot(&mut self, target: usize) -> usize {
        if let Some(&slot) = self.slots.get(&target) {
            return slot;
        }
        let slot = self.data(&target.to_le_bytes(), 8, 8);
        self.slots.insert(target, slot);
        slot
    }

    /// A slot that holds the distance of a thread-local from the thread pointer.
    fn offset_slot(&mut self, template: &Template) -> usize {
        let key = template as *const Template as usize;
        if let Some(&slot) = self.offsets.get(&key) {
            return slot;
        }
        let at = self.room.next_multiple_of(64);
        self.room = at + template.size;
        assert!(self.room <= STATIC_ROOM && template.bytes.len() <= template.size);
        let address = STATIC.with(|room| room.0.get().addr()) + at;
        // SAFETY: room in the block above, which nobody else uses.
        unsafe { std::ptr::copy_nonoverlapping(template.bytes.as_ptr(), address as *mut u8, template.bytes.len()) };
        let thread_pointer: usize;
        // SAFETY: the psABI keeps the thread pointer at `fs:0`.
        unsafe { std::arch::asm!("mov {}, fs:0", out(reg) thread_pointer) };
        let slot = self.data(&address.wrapping_sub(thread_pointer).to_le_bytes(), 8, 8);
        self.offsets.insert(key, slot);
        slot
    }

    fn seal(&self) {
        // SAFETY: the first part of our own mapping.
        let result = unsafe {
            libc::mprotect(self.base as *mut c_void, self.text_end - self.base, libc::PROT_READ | libc::PROT_EXEC)
        };
        assert_eq!(result, 0);
    }
}

fn write(at: usize, bytes: &[u8]) {
    // SAFETY: `at` lies in the mapping of a `Memory` that is not sealed yet, with room for the bytes.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), at as *mut u8, bytes.len()) }
}

fn read(at: usize, len: usize) -> Vec<u8> {
    // SAFETY: as for `write`.
    unsafe { std::slice::from_raw_parts(at as *const u8, len) }.to_vec()
}

/// What stands in for `__tls_get_addr`: `slot` holds the address of the template.
extern "C" fn thread_local(slot: *const *const Template) -> *mut u8 {
    thread_local! {
        static STORAGE: RefCell<HashMap<usize, Box<[u128]>>> = RefCell::new(HashMap::new());
    }
    // SAFETY: slots of thread-locals hold leaked templates.
    let template = unsafe { &**slot };
    STORAGE.with_borrow_mut(|storage| {
        let place = storage.entry(template as *const Template as usize).or_insert_with(|| {
            let mut words = vec![0u128; template.size.div_ceil(16).max(1)].into_boxed_slice();
            // SAFETY: `bytes` is not longer than `size`.
            unsafe {
                let to = words.as_mut_ptr().cast::<u8>();
                std::ptr::copy_nonoverlapping(template.bytes.as_ptr(), to, template.bytes.len());
            }
            words
        });
        place.as_mut_ptr().cast()
    })
}

/// A symbol of the test executable or of a library that it has loaded.
pub fn outside(name: &str) -> Option<usize> {
    static OWN: OnceLock<HashMap<String, usize>> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        let bytes = std::fs::read("/proc/self/exe").expect("readable");
        let file = object::File::parse(&*bytes).expect("ELF");
        let marker = file.symbols().find(|symbol| symbol.name() == Ok("cranefly_test_marker")).expect("marker");
        let bias = (cranefly_test_marker as *const () as usize).wrapping_sub(marker.address() as usize);
        file.symbols()
            .filter(|symbol| symbol.is_definition())
            .filter_map(|symbol| Some((symbol.name().ok()?.to_owned(), bias.wrapping_add(symbol.address() as usize))))
            .collect()
    });
    own.get(name).copied().or_else(|| {
        let name = CString::new(name).ok()?;
        // SAFETY: a NUL-terminated name.
        let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
        // Generic functions that upstream crates already hold are not instantiated again in a debug build; the shared
        // standard library exports them.
        // SAFETY: as above; the handle is never closed.
        let address = if address.is_null() { unsafe { libc::dlsym(std_library(), name.as_ptr()) } } else { address };
        (!address.is_null()).then_some(address as usize)
    })
}

/// The toolchain's `libstd-*.so`, loaded.
fn std_library() -> *mut c_void {
    static HANDLE: OnceLock<usize> = OnceLock::new();
    *HANDLE.get_or_init(|| {
        let output =
            std::process::Command::new("rustc").args(["--print", "target-libdir"]).output().expect("rustc runs");
        let folder = String::from_utf8(output.stdout).expect("UTF-8");
        let is_std = |path: &std::path::PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("libstd-") && name.ends_with(".so")
        };
        let mut files = std::fs::read_dir(folder.trim()).expect("folder").flatten().map(|entry| entry.path());
        let path = files.find(is_std).expect("libstd-*.so");
        let path = CString::new(path.into_os_string().into_encoded_bytes()).expect("no NUL");
        // SAFETY: a NUL-terminated path of a library whose constructors do nothing unusual.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
        assert!(!handle.is_null());
        handle as usize
    }) as *mut c_void
}

/// Code that names the symbol that nobody defines, and aborts: most are on paths that no test takes.
fn absent(name: &str) -> usize {
    extern "C" fn report(name: &String) -> ! {
        eprintln!("called {name}, which is not in the test executable");
        std::process::abort();
    }
    static STUBS: Mutex<Option<HashMap<String, usize>>> = Mutex::new(None);
    let mut stubs = STUBS.lock().expect("not poisoned");
    *stubs.get_or_insert_default().entry(name.to_owned()).or_insert_with(|| {
        let memory = Memory::new();
        let leaked: &'static String = Box::leak(Box::new(name.to_owned()));
        let at = memory.text;
        let mut code = vec![0x48, 0xbf]; // mov rdi, name
        code.extend((leaked as *const String as usize).to_le_bytes());
        code.extend([0x48, 0xb8]); // mov rax, report
        code.extend((report as extern "C" fn(&String) -> ! as usize).to_le_bytes());
        code.extend([0x48, 0x83, 0xe4, 0xf0, 0xff, 0xd0]); // and rsp, -16; call rax
        write(at, &code);
        memory.seal();
        at
    })
}

/// A symbol whose address is known both to the running program and to its symbol table.
#[unsafe(no_mangle)]
pub extern "C" fn cranefly_test_marker() {}
