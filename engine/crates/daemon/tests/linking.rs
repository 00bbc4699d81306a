//! What a linker does, done by the image: sections by name and flags, assembly's symbols and frames, data of any size.

mod support;

use support::{Daemon, Project, same_as_native, text};

/// Constructors of variables and of assembly, thread-locals, local, weak and absolute symbols, distances, and references to libraries.
const ASSEMBLY: &str = r#"
use std::arch::global_asm;
use std::sync::Mutex;
static LOG: Mutex<Vec<u32>> = Mutex::new(Vec::new());
macro_rules! logs { ($($name:ident $number:literal),*) => { $(extern "C" fn $name() { LOG.lock().unwrap().push($number) })* } }
logs!(plain 1, early 2, earlier 3, assembled 4);
extern "C" fn last() { println!("at exit") }
#[used] #[unsafe(link_section = ".init_array")] static PLAIN: extern "C" fn() = plain;
#[used] #[unsafe(link_section = ".init_array.00200")] static EARLY: extern "C" fn() = early;
#[used] #[unsafe(link_section = ".init_array.150")] static EARLIER: extern "C" fn() = earlier;
global_asm!(
    ".pushsection .init_array.160, \"aw\", @init_array", ".quad {assembled}", ".popsection",
    ".pushsection .fini_array, \"aw\", @fini_array", ".quad {last}", ".popsection",
    assembled = sym assembled, last = sym last,
);
global_asm!(
    ".pushsection .tdata, \"awT\", @progbits", ".p2align 6", ".globl local", "local: .quad 77", ".popsection",
    ".pushsection .tbss, \"awT\", @nobits", ".p2align 3", "zeroed: .zero 8", ".popsection",
    ".globl local_address", "local_address: mov rax, qword ptr fs:0", "add rax, [rip + local@GOTTPOFF]", "ret",
    ".globl zeroed_address", "zeroed_address: mov rax, qword ptr fs:0", "add rax, [rip + zeroed@GOTTPOFF]", "ret",
);
global_asm!(
    ".pushsection .data", ".p2align 3", "hidden: .quad 1234", "table: .quad hidden, hidden + 1, {callee}", ".popsection",
    ".pushsection .rodata", "length: .long after - before", "way: .long table - way", ".popsection",
    "before: nop", "nop", "nop", "after:",
    ".globl read_hidden", "read_hidden: mov rax, [rip + hidden@GOTPCREL]", "mov rax, [rax]", "ret",
    ".globl read_table", "read_table: lea rax, [rip + table]", "mov rax, [rax + 8 * rdi]", "ret",
    ".globl read_length", "read_length: mov eax, [rip + length]", "ret",
    ".globl follow", "follow: lea rax, [rip + way]", "movsxd rcx, dword ptr [rax]", "add rax, rcx", "mov rax, [rax]",
    "mov rax, [rax]", "ret",
    ".lcomm counter, 16", ".globl bump", "bump: inc qword ptr [rip + counter]", "mov rax, [rip + counter]", "ret",
    callee = sym callee,
);
extern "C" fn callee(x: u64) -> u64 { x + 100 }
global_asm!(
    ".weak kept", "kept: mov eax, 2", "ret",
    ".weak nowhere", ".globl has_nowhere", "has_nowhere: mov rax, [rip + nowhere@GOTPCREL]", "ret",
    ".globl address_of_strlen", "address_of_strlen: lea rax, [rip + strlen]", "ret",
    ".globl length_of", "length_of: jmp strlen@PLT",
    ".globl ANSWER", ".set ANSWER, 42", ".pushsection .data", "answers: .quad ANSWER + 1", ".long ANSWER", ".popsection",
    ".globl read_answers", "read_answers: mov rax, [rip + answers]", "ret",
);
unsafe extern "C" {
    safe fn local_address() -> *mut u64; safe fn zeroed_address() -> *mut u64;
    safe fn read_hidden() -> u64; safe fn read_table(index: u64) -> u64; safe fn read_length() -> u32; safe fn follow() -> u64;
    safe fn bump() -> u64; safe fn kept() -> u32; safe fn has_nowhere() -> usize; safe fn read_answers() -> u64;
    safe fn address_of_strlen() -> usize; safe fn length_of(text: *const i8) -> usize; safe fn strlen(text: *const i8) -> usize;
    static ANSWER: u8;
}
fn main() {
    println!("{:?}", LOG.lock().unwrap());
    let locals = || unsafe { (*local_address(), local_address() as usize % 64, *zeroed_address()) };
    println!("{:?}", locals());
    unsafe { *local_address() += 1; *zeroed_address() = 5; }
    println!("{:?} {:?}", std::thread::spawn(locals).join().unwrap(), locals());
    println!("{} {} {} {}", read_hidden(), read_length(), follow(), bump() + bump());
    println!("{}", unsafe { std::mem::transmute::<u64, extern "C" fn(u64) -> u64>(read_table(2))(1) });
    println!("{} {}", kept(), has_nowhere());
    println!("{} {}", address_of_strlen() == strlen as *const () as usize, length_of(c"four".as_ptr()));
    println!("{} {}", read_answers(), &raw const ANSWER as usize);
}
"#;

#[test]
fn assembly_is_linked_as_by_a_linker() {
    let mut project = Project::new("assembly");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, ASSEMBLY);
    same_as_native(&project, &[]);
    // In place: all of it is placed once more.
    let edited =
        ASSEMBLY.replace("x + 100", "x + 200").replace(".quad 77", ".quad 78").replace("ANSWER, 42", "ANSWER, 43");
    daemon.publish_source(&mut project, &edited);
    same_as_native(&project, &[]);
}

/// A member a line: what lld keeps of a section between bounds.
const MEMBERS: &str = r#"
#[used] #[unsafe(link_section = "list")] static USED: u64 = 3;
#[unsafe(link_section = "list")] static REFERENCED: u64 = 2;
#[unsafe(link_section = "list")] #[unsafe(no_mangle)] pub static EXPORTED: u64 = 1;
std::arch::global_asm!(".pushsection list, \"aw\"", ".quad 5", ".popsection");
std::arch::global_asm!(".pushsection other, \"aR\"", ".p2align 3", ".quad 7", ".popsection");
unsafe extern "C" {
    #[link_name = "__start_list"] static START: u64; #[link_name = "__stop_list"] static STOP: u64;
    #[link_name = "__start_other"] static OTHER: u64; #[link_name = "__stop_other"] static OTHER_STOP: u64;
}
fn main() {
    let between = |from: *const u64, to: *const u64| {
        let mut members: Vec<u64> =
            (0..(to as usize - from as usize) / 8).map(|index| unsafe { *from.add(index) }).collect();
        members.sort();
        members
    };
    println!("{REFERENCED} {:?} {:?}", between(&raw const START, &raw const STOP), between(&raw const OTHER, &raw const OTHER_STOP));
}
"#;

#[test]
fn sections_with_bounds_hold_what_a_linker_keeps() {
    let mut project = Project::new("members");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, MEMBERS);
    same_as_native(&project, &[]);
    // Nothing that refers to the bounds changes.
    let more = "mod more { #[used] #[unsafe(link_section = \"list\")] static MORE: u64 = 8; }";
    daemon.publish_source(&mut project, &format!("{MEMBERS}{more}"));
    same_as_native(&project, &[]);
    daemon.publish_source(&mut project, MEMBERS);
    same_as_native(&project, &[]);
}

#[test]
fn data_may_be_aligned_large_or_code() {
    let mut project = Project::new("data");
    let daemon = Daemon::start(&project.folder, &[]);
    let source = r#"
        #[repr(align(65536))] struct Aligned([u8; 16]); #[repr(align(2097152))] struct Strict([u8; 64]);
        static A: Aligned = Aligned([2; 16]); static mut B: Strict = Strict([0; 64]); static C: Strict = Strict([4; 64]);
        static mut ZEROS: [u8; 3 << 29] = [0; 3 << 29];
        static TABLE: [u64; 1 << 18] = { let mut table = [1; 1 << 18]; table[77] = 5; table };
        static NAMES: [&str; 1 << 16] = { let mut names = ["x"; 1 << 16]; names[5] = "five"; names };
        static mut BUFFER: [u8; 1 << 20] = { let mut buffer = [0; 1 << 20]; buffer[1] = 9; buffer };
        static SEVENTH: &u64 = &TABLE[77];
        #[used] #[unsafe(link_section = ".text")] static CODE: [u8; 6] = [0xb8, 0x2a, 0, 0, 0, 0xc3];
        fn main() { unsafe {
            println!("{} {} {}", &raw const A as usize % 65536, &raw const B as usize % 2097152, &raw const C as usize % 2097152);
            *(&raw mut ZEROS as *mut u8).add((3 << 29) - 1) = 8;
            BUFFER[0] = 4;
            println!("{} {} {} {}", A.0[3], C.0[9], *(&raw const ZEROS as *const u8).add((3 << 29) - 1), TABLE[1 << 17]);
            println!("{} {} {} {SEVENTH} {}", NAMES[5], NAMES[6], BUFFER[0] + BUFFER[1], BUFFER[(1 << 20) - 1]);
            println!("{}", std::mem::transmute::<_, extern "C" fn() -> u32>(&raw const CODE)());
        } }
    "#;
    daemon.publish_source(&mut project, source);
    same_as_native(&project, &[]);
    daemon.publish_source(&mut project, &source.replace("= 5;", "= 6;").replace("[1; 1 << 18]", "[2; 1 << 18]"));
    same_as_native(&project, &[]);
}

#[test]
fn a_panic_passes_through_assembly_with_frames() {
    let mut project = Project::new("frames");
    let daemon = Daemon::start(&project.folder, &[]);
    let source = r#"
        #[unsafe(naked)]
        extern "C-unwind" fn through(f: extern "C-unwind" fn()) -> u64 {
            std::arch::naked_asm!(
                ".cfi_startproc", "push rbp", ".cfi_adjust_cfa_offset 8", ".cfi_offset rbp, -16", "mov rbp, rsp",
                ".cfi_def_cfa_register rbp", "call rdi", "mov eax, 5", "pop rbp", ".cfi_def_cfa rsp, 8", "ret", ".cfi_endproc",
            )
        }
        extern "C-unwind" fn fails() { panic!("on the way") }
        extern "C-unwind" fn works() {}
        fn main() {
            println!("{}", through(works));
            println!("{}", std::panic::catch_unwind(|| through(fails)).is_err());
        }
    "#;
    daemon.publish_source(&mut project, source);
    same_as_native(&project, &[]);
    daemon.publish_source(&mut project, &source.replace("eax, 5", "eax, 6"));
    same_as_native(&project, &[]);
}

/// What it finds about itself: the headers that it was loaded by, and its own file.
const SELF: &str = r#"
    use std::ffi::*;
    #[used] #[unsafe(link_section = ".dep-v0")] static DEPENDENCIES: [u8; 8] = *b"AUDITED!";
    #[used] #[unsafe(link_section = "list")] static LIST: [u32; 2] = [0x1122_3344, 0x5566_7788];
    #[repr(C)] struct Info { base: usize, name: *const c_char, headers: *const u8, count: u16 }
    unsafe extern "C" { fn dl_iterate_phdr(f: extern "C" fn(*const Info, usize, *mut Found) -> c_int, found: *mut Found) -> c_int; }
    #[derive(Default)] struct Found { kinds: Vec<u32>, id: Vec<u8> }
    extern "C" fn first(info: *const Info, _: usize, found: *mut Found) -> c_int {
        let (info, found) = unsafe { (&*info, &mut *found) };
        for number in 0..info.count as usize {
            let word = |at: usize| unsafe { info.headers.add(number * 56 + at).cast::<u64>().read() as usize };
            found.kinds.push(word(0) as u32);
            if word(0) as u32 == 4 && found.id.is_empty() {
                let notes = unsafe { std::slice::from_raw_parts((info.base + word(16)) as *const u8, word(40)) };
                let at = notes.windows(8).position(|bytes| bytes == b"\x03\0\0\0GNU\0");
                found.id = at.map(|at| notes[at + 8..at + 28].to_vec()).unwrap_or_default();
            }
        }
        1
    }
    fn main() {
        let mut found = Found::default();
        unsafe { dl_iterate_phdr(first, &mut found) };
        let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let has = |bytes: &[u8]| file.windows(bytes.len()).any(|window| window == bytes);
        println!("{:?}", [4, 6, 7, 0x6474_e550, 0x6474_e551, 0x6474_e552].map(|kind| found.kinds.contains(&kind)));
        println!("{} {}", found.id.len(), has(&found.id));
        println!("{:?}", [&b".dep-v0\0"[..], b"AUDITED!", b"list\0", &[0x44, 0x33, 0x22, 0x11, 0x88], b"_start\0"].map(has));
        if std::env::args().len() > 1 { println!("{:?}", found.id) }
    }
"#;

#[test]
fn an_executable_tells_what_it_is() {
    let mut project = Project::new("self");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, SELF);
    same_as_native(&project, &[]);
    let id = |project: &Project| text(&project.run(&["id"]).stdout).lines().last().map(str::to_owned);
    let first = id(&project);
    daemon.publish_source(&mut project, SELF);
    assert_eq!(id(&project), first, "the same program");
    daemon.publish_source(&mut project, &SELF.replace("AUDITED!", "AUDITED?"));
    assert_ne!(id(&project), first, "another program");
}

#[test]
fn what_only_a_linker_can_place_is_refused_by_name() {
    let mut project = Project::new("unplaceable");
    let daemon = Daemon::start(&project.folder, &[]);
    let entry = |section: &str| {
        format!(
            "#[used] #[unsafe(link_section = \"{section}\")] static ENTRY: extern \"C\" fn() = f; extern \"C\" fn f() {{}}"
        )
    };
    let assembly = |lines: &str| format!("std::arch::global_asm!({lines:?});");
    for (source, reason) in [
        (entry(".ctors"), "a static in section `.ctors`"),
        (entry(".dtors.00005"), "section `.dtors.00005`"),
        (entry(".preinit_array"), "section `.preinit_array`"),
        (entry(".text"), "section `.text`"),
        (assembly(".section .ctors, \"aw\"\n.quad 0"), "section `.ctors` in the assembly"),
        (assembly(".section .text.x, \"axG\", @progbits, x, comdat\nnop"), "a section group"),
        (assembly(".section strange, \"a\", @10\n.quad 0"), "section `strange` "),
        (assembly(".section list, \"ao\", @progbits, .text\n.quad 0"), "section `list` "),
        (assembly(".comm shared, 8, 8"), "common symbol `shared`"),
        (assembly(".type pick, @gnu_indirect_function\n.globl pick\npick: ret"), "symbol `pick`"),
        (assembly(".globl old\nold: ret\n.symver old, old@VERSION_1"), "symbol `old@VERSION_1`"),
        (assembly(".globl f\nf: mov rax, qword ptr [rip + environ]\nret"), "against `environ`"),
        (assembly(".globl f\nf: mov eax, fs:[x@tpoff]\nret\n.section .tdata, \"awT\"\nx: .long 0"), "against `x`"),
        (
            "#[unsafe(link_section = \"codes\")] #[inline(never)] fn f() {} unsafe extern \"C\" { static __start_codes: u8; } \
             #[used] static F: fn() = || { f(); _ = std::hint::black_box(&raw const __start_codes); };"
                .to_owned(),
            "code between the bounds of section `codes`",
        ),
    ] {
        let files = project.bitcode(&format!("{source} fn main() {{}}"));
        let error = daemon.publish(&project, &files).expect_err(reason);
        assert!(error["message"].as_str().unwrap().contains(reason), "{reason}: {error}");
    }
}
