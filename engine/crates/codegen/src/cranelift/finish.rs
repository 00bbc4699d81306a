//! From Cranelift's buffer to [`MachineCode`].

use cranefly_bitcode::ir;
use cranefly_translate::{PAD_CATCH, PAD_FILTER, RUNTIME, SYMBOL, Translated, VARIADIC};
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::{ExternalName, Function, LibCall};
use cranelift_codegen::{Context, FinalizedMachExceptionHandler, FinalizedRelocTarget};

use super::error::{Error, unrepresentable};
use super::unwind;
use crate::machine::{Action, CallSite, MachineCode, Relocation, RelocationKind, Target, Tier};

/// Bytes of the psABI's general-dynamic sequence from the operand of its `lea` to the operand of its `call`.
const TLS_CALL_DISTANCE: u32 = 8;

pub(super) fn machine_code(
    source: &ir::Function,
    context: &Context,
    translated: &Translated,
) -> Result<MachineCode, Error> {
    let compiled = context.compiled_code().expect("compiled before");
    let buffer = &compiled.buffer;
    let bytes = buffer.data().to_vec();
    let text_len = bytes.len() as u32;
    // Code is kept, by the hundred thousand: without room to grow.
    let mut relocations = relocations(context, translated)?;
    relocations.shrink_to_fit();
    // The personality aborts on an address that no entry covers, so once there is a table it spans everything.
    let has_personality = source.personality.is_some();
    let mut call_sites = if has_personality { call_sites(context, text_len)? } else { Vec::new() };
    call_sites.shrink_to_fit();
    let mut cfi = unwind::encode(&buffer.unwind_info)?;
    cfi.shrink_to_fit();
    let mut lines = lines(context, text_len);
    lines.shrink_to_fit();
    let align = buffer.alignment.max(source.align).max(16).next_power_of_two();
    if align > 4096 {
        return Err(unrepresentable(format!("function aligned to {align}")));
    }
    Ok(MachineCode {
        bytes,
        text_len,
        align,
        relocations,
        call_sites,
        has_personality,
        cfi,
        lines,
        tier: Tier::Cranelift,
    })
}

fn relocations(context: &Context, translated: &Translated) -> Result<Vec<Relocation>, Error> {
    let mut out: Vec<Relocation> = Vec::new();
    let mut tls: Option<u32> = None;
    for reloc in context.compiled_code().expect("compiled before").buffer.relocs() {
        let target = match &reloc.target {
            FinalizedRelocTarget::ExternalName(ExternalName::LibCall(LibCall::ElfTlsGetAddr)) => {
                // The image resolves or relaxes the whole sequence at the relocation of its first instruction.
                match tls.take() {
                    Some(at) if at + TLS_CALL_DISTANCE == reloc.offset => continue,
                    _ => return Err(unrepresentable("call of __tls_get_addr outside its sequence")),
                }
            }
            FinalizedRelocTarget::ExternalName(name) => external(&context.func, translated, name)?,
            FinalizedRelocTarget::Func(offset) => Target::Local(*offset),
        };
        let kind = match reloc.kind {
            Reloc::X86CallPCRel4 | Reloc::X86CallPLTRel4 => RelocationKind::Call32,
            Reloc::X86PCRel4 => RelocationKind::Pc32,
            // Cranelift loads addresses with `mov` only.
            Reloc::X86GOTPCRel4 => RelocationKind::GotPcRel32 { relaxable: true },
            Reloc::ElfX86_64TlsGd => {
                tls = Some(reloc.offset);
                RelocationKind::TlsGd
            }
            Reloc::Abs8 => RelocationKind::Abs64,
            other => return Err(unrepresentable(format!("relocation {other}"))),
        };
        out.push(Relocation { offset: reloc.offset, kind, target, addend: reloc.addend });
    }
    out.sort_by_key(|relocation| relocation.offset);
    Ok(out)
}

/// What an external name of `function` stands for.
pub(super) fn external(function: &Function, translated: &Translated, name: &ExternalName) -> Result<Target, Error> {
    match name {
        ExternalName::User(reference) => {
            let name = &function.params.user_named_funcs()[*reference];
            match name.namespace {
                SYMBOL => Ok(Target::Symbol(name.index)),
                VARIADIC => Ok(Target::Variadic(name.index)),
                RUNTIME => Ok(Target::Runtime(translated.runtime[name.index as usize].to_owned())),
                other => Err(unrepresentable(format!("name in namespace {other}"))),
            }
        }
        ExternalName::LibCall(call) => Ok(Target::Runtime(library_name(*call)?.to_owned())),
        other => Err(unrepresentable(format!("name {other:?}"))),
    }
}

/// C name of what Cranelift calls by itself.
///
/// # Errors
/// [`CodegenError::Unrepresentable`](super::CodegenError) for what no x86-64 code calls.
pub fn library_name(call: LibCall) -> Result<&'static str, Error> {
    Ok(match call {
        LibCall::CeilF32 => "ceilf",
        LibCall::CeilF64 => "ceil",
        LibCall::FloorF32 => "floorf",
        LibCall::FloorF64 => "floor",
        LibCall::TruncF32 => "truncf",
        LibCall::TruncF64 => "trunc",
        LibCall::NearestF32 => "rintf",
        LibCall::NearestF64 => "rint",
        LibCall::FmaF32 => "fmaf",
        LibCall::FmaF64 => "fma",
        LibCall::Memcpy => "memcpy",
        LibCall::Memset => "memset",
        LibCall::Memmove => "memmove",
        LibCall::Memcmp => "memcmp",
        other => return Err(unrepresentable(format!("library call {other}"))),
    })
}

/// Regions that together cover the whole function: up to each return address, then the rest.
fn call_sites(context: &Context, text_len: u32) -> Result<Vec<CallSite>, Error> {
    let buffer = &context.compiled_code().expect("compiled before").buffer;
    let mut out: Vec<CallSite> = Vec::new();
    let mut push = |end: u32, landing_pad: u32, action: Action| match out.last_mut() {
        Some(last) if last.landing_pad == landing_pad && last.action == action => last.end = end,
        last => {
            let start = last.map_or(0, |last| last.end);
            if end > start {
                out.push(CallSite { start, end, landing_pad, action });
            }
        }
    };
    for site in buffer.call_sites() {
        let (landing_pad, action) = match site.exception_handlers {
            [] => (0, Action::Cleanup),
            [FinalizedMachExceptionHandler::Tag(tag, pad)] => {
                let action = match tag.as_u32() {
                    PAD_CATCH => Action::Catch,
                    PAD_FILTER => Action::Filter,
                    _ => Action::Cleanup,
                };
                (*pad, action)
            }
            _ => return Err(unrepresentable("call with several handlers")),
        };
        // What lies between two calls cannot unwind, so it may belong to either region.
        push(site.ret_addr, landing_pad, action);
    }
    push(text_len, 0, Action::Cleanup);
    Ok(out)
}

fn lines(context: &Context, text_len: u32) -> Vec<(u32, u32)> {
    const NONE: u32 = u32::MAX;
    let buffer = &context.compiled_code().expect("compiled before").buffer;
    let mut rows: Vec<(u32, u32)> = Vec::new();
    let mut push = |offset: u32, location: u32| match rows.last_mut() {
        Some(last) if last.1 == location => {}
        Some(last) if last.0 == offset => last.1 = location,
        _ => rows.push((offset, location)),
    };
    let mut end = 0;
    for range in buffer.get_srclocs_sorted() {
        if range.start > end || (range.start == 0 && end == 0 && range.loc.is_default()) {
            push(end, NONE);
        }
        let location = if range.loc.is_default() { NONE } else { range.loc.bits() };
        push(range.start, location);
        end = range.end;
    }
    if end < text_len {
        push(end, NONE);
    }
    rows
}
