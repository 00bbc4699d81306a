//! Frame tables for the unwinder, from what [`MachineCode`] says: `.eh_frame` (LSB, DWARF extensions) and LSDA.

use cranefly_codegen::machine::{Action, MachineCode, Tier};

use super::linker::{Linked, outside};

unsafe extern "C" {
    /// libgcc: takes a zero-terminated `.eh_frame`.
    fn __register_frame(table: *const u8);
}

/// Makes every function of `linked` known to the unwinder, for good.
pub fn register(linked: &Linked) {
    let personality = outside("rust_eh_personality").expect("std's personality");
    let mut table = Vec::new();
    let with = information_entry(&mut table, Some(personality));
    let without = information_entry(&mut table, None);
    for placed in &linked.functions {
        let entry = if placed.code.has_personality { with } else { without };
        let start = table.len();
        table.extend([0; 4]);
        let distance = (table.len() - entry) as u32;
        table.extend(distance.to_le_bytes());
        table.extend((placed.address as u64).to_le_bytes());
        table.extend(u64::from(placed.code.text_len).to_le_bytes());
        if placed.code.has_personality {
            let lsda: &'static [u8] = Box::leak(lsda(&placed.code).into_boxed_slice());
            table.push(8);
            table.extend((lsda.as_ptr() as u64).to_le_bytes());
        } else {
            table.push(0);
        }
        table.extend(&placed.code.cfi);
        finish(&mut table, start);
    }
    table.extend([0; 4]);
    let table: &'static [u8] = Box::leak(table.into_boxed_slice());
    // SAFETY: a well-formed table that is never freed, for code that is never unmapped.
    unsafe { __register_frame(table.as_ptr()) }
}

/// A CIE as [`MachineCode::cfi`] expects it; all pointers absolute.
fn information_entry(table: &mut Vec<u8>, personality: Option<usize>) -> usize {
    let start = table.len();
    table.extend([0; 8]);
    table.push(1);
    table.extend(if personality.is_some() { &b"zPLR\0"[..] } else { b"zR\0" });
    table.extend([1, 0x78, 16]); // code alignment 1, data alignment -8, return address in column 16
    match personality {
        Some(address) => {
            table.extend([11, 0]);
            table.extend((address as u64).to_le_bytes());
            table.extend([0, 0]);
        }
        None => table.extend([1, 0]),
    }
    table.extend([0x0c, 7, 8, 0x90, 1]); // CFA = rsp + 8, return address at CFA - 8
    finish(table, start);
    start
}

fn finish(table: &mut Vec<u8>, start: usize) {
    while !(table.len() - start - 4).is_multiple_of(8) {
        table.push(0); // DW_CFA_nop
    }
    let length = (table.len() - start - 4) as u32;
    table[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

fn lsda(code: &MachineCode) -> Vec<u8> {
    let mut sites = Vec::new();
    let mut end = 0;
    for site in &code.call_sites {
        // LLVM leaves out what cannot unwind.
        let gap = site.start > end && code.tier == Tier::Llvm;
        assert!((site.start == end || gap) && site.end > site.start, "call sites cover the function without a gap");
        end = site.end;
        for word in [site.start, site.end - site.start, site.landing_pad] {
            sites.extend(word.to_le_bytes());
        }
        sites.push(match site.action {
            Action::Cleanup => 0,
            Action::Catch => 1,
            Action::Filter => 3,
        });
    }
    assert!(end == code.text_len || code.tier == Tier::Llvm);
    let mut out = vec![0xff, 0xff, 0x03];
    let mut length = sites.len();
    loop {
        let byte = (length & 0x7f) as u8;
        length >>= 7;
        out.push(if length == 0 { byte } else { byte | 0x80 });
        if length == 0 {
            break;
        }
    }
    out.extend(sites);
    out.extend([1, 0, 0x7f, 0]); // catch type 1; filter -1
    out
}
