//! The one abbreviation table of the image. Codes are part of [`super::neutralise`]'s contract with old units: never
//! renumber while an image is alive.

use gimli::constants::*;

use super::bytes::Put;

pub(super) const UNIT: u8 = 1;
/// A unit that says nothing: its one attribute is a block that no reader knows, as long as the unit.
pub(super) const PADDING: u8 = 2;
/// A function that was inlined somewhere.
pub(super) const ABSTRACT: u8 = 3;
pub(super) const ABSTRACT_FULL: u8 = 4;
pub(super) const NAMESPACE: u8 = 5;
/// A function with code. Odd: with children.
pub(super) const FUNCTION: u8 = 6;
pub(super) const FUNCTION_FULL: u8 = 8;
/// An inlined call, contiguous or not.
pub(super) const INLINED: u8 = 10;
pub(super) const INLINED_RANGES: u8 = 12;
/// Added to the four above when there are children.
pub(super) const WITH_CHILDREN: u8 = 1;

type Attributes = &'static [(DwAt, DwForm)];

const NAME: (DwAt, DwForm) = (DW_AT_name, DW_FORM_string);
const LINKAGE_NAME: (DwAt, DwForm) = (DW_AT_linkage_name, DW_FORM_string);
const DECL_FILE: (DwAt, DwForm) = (DW_AT_decl_file, DW_FORM_udata);
const DECL_LINE: (DwAt, DwForm) = (DW_AT_decl_line, DW_FORM_udata);
const INLINE: (DwAt, DwForm) = (DW_AT_inline, DW_FORM_data1);
const LOW_PC: (DwAt, DwForm) = (DW_AT_low_pc, DW_FORM_addr);
const HIGH_PC: (DwAt, DwForm) = (DW_AT_high_pc, DW_FORM_data4);
const RANGES: (DwAt, DwForm) = (DW_AT_ranges, DW_FORM_sec_offset);
const ORIGIN: (DwAt, DwForm) = (DW_AT_abstract_origin, DW_FORM_ref4);
const CALL_FILE: (DwAt, DwForm) = (DW_AT_call_file, DW_FORM_udata);
const CALL_LINE: (DwAt, DwForm) = (DW_AT_call_line, DW_FORM_udata);
const CALL_COLUMN: (DwAt, DwForm) = (DW_AT_call_column, DW_FORM_udata);

/// In the range for vendors, used by none that gimli, binutils or gdb list.
const FILLER: DwAt = DwAt(0x3c72);

const UNIT_ATTRIBUTES: Attributes = &[
    (DW_AT_producer, DW_FORM_string),
    (DW_AT_language, DW_FORM_data2),
    NAME,
    (DW_AT_stmt_list, DW_FORM_sec_offset),
    (DW_AT_comp_dir, DW_FORM_string),
    LOW_PC,
    RANGES,
];

/// Contents of `.debug_abbrev`: written once at offset 0, whatever the contributions are.
pub fn abbreviations() -> Vec<u8> {
    let mut out = Vec::new();
    let mut entry = |code: u8, tag: DwTag, children: bool, attributes: Attributes| {
        out.push(code);
        out.uleb(tag.0.into());
        out.push(u8::from(children));
        for (attribute, form) in attributes {
            out.uleb(attribute.0.into());
            out.uleb(form.0.into());
        }
        out.extend([0, 0]);
    };
    entry(UNIT, DW_TAG_compile_unit, true, UNIT_ATTRIBUTES);
    entry(PADDING, DW_TAG_compile_unit, false, &[(FILLER, DW_FORM_block4)]);
    entry(ABSTRACT, DW_TAG_subprogram, false, &[NAME, INLINE]);
    entry(ABSTRACT_FULL, DW_TAG_subprogram, false, &[NAME, LINKAGE_NAME, DECL_FILE, DECL_LINE, INLINE]);
    entry(NAMESPACE, DW_TAG_namespace, true, &[NAME]);
    for children in [false, true] {
        let with = u8::from(children) * WITH_CHILDREN;
        entry(FUNCTION | with, DW_TAG_subprogram, children, &[LOW_PC, HIGH_PC, NAME]);
        let full: Attributes = &[LOW_PC, HIGH_PC, NAME, LINKAGE_NAME, DECL_FILE, DECL_LINE];
        entry(FUNCTION_FULL | with, DW_TAG_subprogram, children, full);
        let contiguous: Attributes = &[ORIGIN, LOW_PC, HIGH_PC, CALL_FILE, CALL_LINE, CALL_COLUMN];
        entry(INLINED | with, DW_TAG_inlined_subroutine, children, contiguous);
        let ranges: Attributes = &[ORIGIN, RANGES, CALL_FILE, CALL_LINE, CALL_COLUMN];
        entry(INLINED_RANGES | with, DW_TAG_inlined_subroutine, children, ranges);
    }
    out.push(0);
    out
}
