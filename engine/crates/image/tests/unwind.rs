//! The unwind tables read back with gimli, and used by the real unwinder and the real personality routine.

use cranefly_image::unwind::{self, UnwindError};
use cranefly_machine::{Action, CallSite};
use gimli::{BaseAddresses, CieOrFde, EhFrame, EhFrameHdr, EndianSlice, LittleEndian, UnwindContext, UnwindSection};
use proptest::prelude::*;

const EH_FRAME: u64 = 0x10_0000;
const HDR: u64 = 0x20_0000;
const LSDA: u64 = 0x30_0000;
const PERSONALITY_CELL: u64 = 0x40_0000;

/// `push rbp; mov rbp, rsp` as call frame instructions.
fn rbp_frame() -> Vec<u8> {
    // advance_loc 1; def_cfa_offset 16; offset rbp, 2; advance_loc 3; def_cfa_register rbp
    vec![0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6]
}

proptest! {
    /// Functions appended one by one: the search table finds each, and the FDE found is the function's own.
    #[test]
    fn search_table_finds_every_function(functions in prop::collection::vec((1u32..5000, 0u64..64, any::<bool>()), 1..40)) {
        let mut eh_frame = unwind::cie(None, EH_FRAME);
        let with_personality = EH_FRAME + eh_frame.len() as u64;
        eh_frame.extend(unwind::cie(Some(PERSONALITY_CELL), with_personality));
        let mut hdr = unwind::hdr_header(HDR, EH_FRAME).unwrap().to_vec();
        let mut text = 0x1000;
        let mut placed = Vec::new();
        for (index, &(length, gap, has_lsda)) in functions.iter().enumerate() {
            text += gap;
            let at = EH_FRAME + eh_frame.len() as u64;
            prop_assert_eq!(at % unwind::FRAME_ALIGN, 0);
            let lsda = has_lsda.then_some(LSDA + 16 * index as u64);
            let cie = if has_lsda { with_personality } else { EH_FRAME };
            eh_frame.extend(unwind::fde(cie, at, text, length, lsda, &rbp_frame()).unwrap());
            hdr.extend(unwind::hdr_entry(HDR, text, at).unwrap());
            hdr[unwind::HDR_COUNT_OFFSET..][..4].copy_from_slice(&(index as u32 + 1).to_le_bytes());
            placed.push((text, length, lsda));
            text += u64::from(length);
        }
        eh_frame.extend(unwind::TERMINATOR);

        let bases = BaseAddresses::default().set_eh_frame(EH_FRAME).set_eh_frame_hdr(HDR);
        let section = EhFrame::new(&eh_frame, LittleEndian);
        let parsed = EhFrameHdr::new(&hdr, LittleEndian).parse(&bases, 8).unwrap();
        prop_assert_eq!(parsed.eh_frame_ptr(), gimli::Pointer::Direct(EH_FRAME));
        let table = parsed.table().unwrap();
        let mut entries = section.entries(&bases);
        let mut count = 0;
        while let Some(entry) = entries.next().unwrap() {
            count += usize::from(matches!(entry, CieOrFde::Fde(_)));
        }
        prop_assert_eq!(count, placed.len());

        for &(start, length, lsda) in &placed {
            for pc in [start, start + u64::from(length) / 2, start + u64::from(length) - 1] {
                let fde = table.fde_for_address(&section, &bases, pc, EhFrame::cie_from_offset).unwrap();
                prop_assert_eq!((fde.initial_address(), fde.len()), (start, u64::from(length)));
                prop_assert_eq!(fde.lsda(), lsda.map(gimli::Pointer::Direct));
                let personality = lsda.map(|_| gimli::Pointer::Indirect(PERSONALITY_CELL));
                prop_assert_eq!(fde.personality(), personality);
                let mut context = UnwindContext::new();
                let row = fde.unwind_info_for_address(&section, &bases, &mut context, pc).unwrap();
                let at = pc - start;
                let cfa = match at { 0 => (7, 8), 1..4 => (7, 16), _ => (6, 16) };
                let expected = gimli::CfaRule::RegisterAndOffset { register: gimli::Register(cfa.0), offset: cfa.1 };
                prop_assert_eq!(row.cfa(), &expected);
                prop_assert_eq!(row.register(gimli::Register(16)), Some(gimli::RegisterRule::Offset(-8)));
            }
        }
        let past = table.fde_for_address(&section, &bases, text, EhFrame::cie_from_offset);
        prop_assert!(past.is_err());
    }

    /// Every address' action, looked up the way of `rust_eh_personality`, is the one that went in.
    #[test]
    fn lsda_covers_every_address(parts in prop::collection::vec((0u32..300, 1u32..200, 0u32..3, 0u8..3), 0..60), rest in 0u32..40_000) {
        let mut sites = Vec::new();
        let mut at = 0;
        for &(gap, length, pad, action) in &parts {
            let action = [Action::Cleanup, Action::Catch, Action::Filter][usize::from(action)];
            let start = at + gap;
            at = start + length;
            sites.push(CallSite { start, end: at, landing_pad: pad * 0x1234, action });
        }
        let text_len = at + rest.max(1);
        let bytes = unwind::lsda(&sites, text_len).unwrap();
        let mut expected = sites.iter().peekable();
        for ip in 0..text_len {
            while expected.peek().is_some_and(|site| site.end <= ip) {
                expected.next();
            }
            let wanted = match expected.peek() {
                Some(site) if site.start <= ip && site.landing_pad != 0 => Some((site.landing_pad, Some(site.action))),
                _ => None,
            };
            if ip % 7 == 0 || wanted.is_some() {
                prop_assert_eq!(find_eh_action(&bytes, ip), Ok(wanted));
            }
        }
        prop_assert!(find_eh_action(&bytes, text_len).is_err());
    }
}

/// What std's personality decides for `ip`: nothing, or a landing pad; an error stands for its abort.
fn find_eh_action(lsda: &[u8], ip: u32) -> Result<Option<(u32, Option<Action>)>, &'static str> {
    let mut reader = lsda;
    assert_eq!(take(&mut reader), 0xff);
    let type_end = match take(&mut reader) {
        0xff => None,
        0x9b => {
            let offset = uleb(&mut reader) as usize;
            Some(lsda.len() - reader.len() + offset)
        }
        other => panic!("type encoding {other:#x}"),
    };
    assert_eq!(take(&mut reader), 1);
    let length = uleb(&mut reader) as usize;
    let (mut sites, actions) = reader.split_at(length);
    if let Some(end) = type_end {
        assert_eq!(end % 4, 0, "the type table is aligned");
        assert_eq!(lsda[end - 4..], [0; 5], "the null type, then the empty filter");
    }
    while !sites.is_empty() {
        let (start, length) = (uleb(&mut sites) as u32, uleb(&mut sites) as u32);
        let (pad, action) = (uleb(&mut sites) as u32, uleb(&mut sites) as usize);
        if ip < start {
            break;
        }
        if ip < start + length {
            if pad == 0 {
                return Ok(None);
            }
            let action = match action {
                0 => Action::Cleanup,
                record => {
                    assert!(type_end.is_some());
                    assert_eq!(actions[record], 0, "no next record");
                    match actions[record - 1] {
                        1 => Action::Catch,
                        0x7f => Action::Filter,
                        other => panic!("type index {other:#x}"),
                    }
                }
            };
            return Ok(Some((pad, Some(action))));
        }
    }
    Err("terminate")
}

fn uleb(reader: &mut &[u8]) -> u64 {
    let mut slice = EndianSlice::new(reader, LittleEndian);
    let value = gimli::leb128::read::unsigned(&mut slice).unwrap();
    *reader = &reader[reader.len() - slice.len()..];
    value
}

fn take(reader: &mut &[u8]) -> u8 {
    let byte = reader[0];
    *reader = &reader[1..];
    byte
}

#[test]
fn refuses_what_it_cannot_encode() {
    let site = |start, end| CallSite { start, end, landing_pad: 1, action: Action::Cleanup };
    let error = |start, end| UnwindError::CallSite { start, end, text_len: 20 };
    assert_eq!(unwind::lsda(&[site(4, 9), site(8, 10)], 20), Err(error(8, 10)));
    assert_eq!(unwind::lsda(&[site(4, 4)], 20), Err(error(4, 4)));
    assert_eq!(unwind::lsda(&[site(4, 21)], 20), Err(error(4, 21)));
    assert!(matches!(unwind::fde(0, 1 << 32, 64, 1, None, &[]), Err(UnwindError::OutOfReach { .. })));
    assert!(matches!(unwind::hdr_entry(1 << 40, 0, 0), Err(UnwindError::OutOfReach { .. })));
}

mod real {
    //! Hand-assembled functions whose only way to be unwound is our tables.
    use super::*;
    use object::{Object, ObjectSymbol};
    use std::ffi::c_void;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    unsafe extern "C" {
        fn __register_frame(eh_frame: *const u8);
    }
    unsafe extern "C-unwind" {
        fn _Unwind_Resume(exception: *mut c_void) -> !;
        fn _Unwind_Resume_or_Rethrow(exception: *mut c_void) -> u32;
    }

    type Call = unsafe extern "C-unwind" fn(callback: extern "C-unwind" fn(), seen: *mut u64) -> *mut c_void;

    /// Where the one call in [`CODE`] begins and ends, and where the landing pad is.
    const SITE: (u32, u32) = (12, 14);
    const PAD: u32 = 18;
    const CODE: &[u8] = &[
        0x55, // push rbp
        0x48, 0x89, 0xe5, // mov rbp, rsp
        0x48, 0x83, 0xec, 0x10, // sub rsp, 16
        0x48, 0x89, 0x75, 0xf8, // mov [rbp-8], rsi
        0xff, 0xd7, // call rdi
        0x31, 0xc0, // xor eax, eax
        0xc9, 0xc3, // leave; ret
        // landing pad: rax is the exception
        0x48, 0x8b, 0x4d, 0xf8, // mov rcx, [rbp-8]
        0x48, 0xc7, 0x01, 0x2a, 0, 0, 0, // mov qword [rcx], 42
        0xc9, 0xc3, // leave; ret (rax: the exception)
    ];

    #[unsafe(no_mangle)]
    extern "C" fn cranefly_unwind_test_anchor() {}

    /// Run-time address of std's personality, from this executable's own symbol table.
    fn personality() -> u64 {
        let bytes = std::fs::read("/proc/self/exe").unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let text = |s: &object::Symbol| s.kind() == object::SymbolKind::Text;
        let find = |name: &str| {
            file.symbols().find(|s| text(s) && s.name().is_ok_and(|n| n.ends_with(name))).unwrap().address()
        };
        let load = cranefly_unwind_test_anchor as *const () as u64 - find("cranefly_unwind_test_anchor");
        load + find("rust_eh_personality")
    }

    /// Maps [`CODE`] with tables that give its call `action`.
    fn install(action: Action, landing_pad: u32) -> Call {
        const SIZE: usize = 4096;
        // SAFETY: a fresh anonymous mapping, which is never unmapped.
        let base = unsafe {
            rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                SIZE,
                rustix::mm::ProtFlags::READ | rustix::mm::ProtFlags::WRITE,
                rustix::mm::MapFlags::PRIVATE,
            )
        }
        .unwrap()
        .cast::<u8>();
        let vaddr = base as u64;
        let (cell, lsda_at, frame_at) = (vaddr + 512, vaddr + 1024, vaddr + 2048);
        let site = CallSite { start: SITE.0, end: SITE.1, landing_pad, action };
        let lsda = unwind::lsda(&[site], CODE.len() as u32).unwrap();
        let mut frames = unwind::cie(Some(cell), frame_at);
        let fde_at = frame_at + frames.len() as u64;
        let length = CODE.len() as u32;
        frames.extend(unwind::fde(frame_at, fde_at, vaddr, length, Some(lsda_at), &rbp_frame()).unwrap());
        frames.extend(unwind::TERMINATOR);
        // SAFETY: all offsets are inside the mapping, which is then made executable; its tables stay for good.
        unsafe {
            base.copy_from_nonoverlapping(CODE.as_ptr(), CODE.len());
            base.add(512).cast::<u64>().write(personality());
            base.add(1024).copy_from_nonoverlapping(lsda.as_ptr(), lsda.len());
            base.add(2048).copy_from_nonoverlapping(frames.as_ptr(), frames.len());
            rustix::mm::mprotect(base.cast(), SIZE, rustix::mm::MprotectFlags::READ | rustix::mm::MprotectFlags::EXEC)
                .unwrap();
            __register_frame(base.add(2048));
            std::mem::transmute::<*mut u8, Call>(base)
        }
    }

    extern "C-unwind" fn panics() {
        std::panic::resume_unwind(Box::new("through hand-made frames"));
    }

    extern "C-unwind" fn returns() {}

    fn run(action: Action, landing_pad: u32, callback: extern "C-unwind" fn()) -> (u64, bool, Option<&'static str>) {
        let call = install(action, landing_pad);
        let mut seen = 0u64;
        let mut stopped = false;
        let result = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: `CODE` has this signature; what it catches is thrown on.
            unsafe {
                let exception = call(callback, &mut seen);
                if !exception.is_null() {
                    stopped = true;
                    match action {
                        Action::Cleanup => _Unwind_Resume(exception),
                        _ => _Unwind_Resume_or_Rethrow(exception),
                    };
                }
            }
        }));
        (seen, stopped, result.err().map(|payload| *payload.downcast::<&'static str>().unwrap()))
    }

    #[test]
    fn a_panic_runs_the_landing_pad_and_goes_on() {
        const PAYLOAD: Option<&str> = Some("through hand-made frames");
        assert_eq!(run(Action::Catch, PAD, panics), (42, true, PAYLOAD));
        assert_eq!(run(Action::Cleanup, PAD, panics), (42, true, PAYLOAD));
        assert_eq!(run(Action::Catch, 0, panics), (0, false, PAYLOAD));
        assert_eq!(run(Action::Catch, PAD, returns), (0, false, None));
    }
}
