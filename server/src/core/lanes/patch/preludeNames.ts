/**
 * Names that code may mention without anybody seeing it: macros of all crates write names of the preludes as they are. An item of such a
 * name may hide what they mean. (What else macros write they name by a path, or it is an error.)
 *
 * Sources: the preludes of std (all editions), the reference's chapters on preludes, primitive types and attributes, and the methods of
 * std's traits. A list for whom in doubt is too long rather than too short.
 */
import { STD_DERIVES, STD_MACROS } from "./knownMacros.js";

/** What a function or a constant would hide: functions, and what variants of enums are called. */
export const VALUE_NAMES: ReadonlySet<string> = new Set(
  "drop size_of size_of_val align_of align_of_val Some None Ok Err".split(" "),
);

/** Traits, types, primitive types, crates and tools. */
export const TYPE_NAMES: ReadonlySet<string> = new Set([
  ..."Send Sync Sized Copy Unpin Drop Fn FnMut FnOnce AsyncFn AsyncFnMut AsyncFnOnce Box ToOwned Clone".split(" "),
  ..."PartialEq PartialOrd Eq Ord AsRef AsMut Into From Default Iterator Extend IntoIterator DoubleEndedIterator".split(
    " ",
  ),
  ..."ExactSizeIterator Option Some None Result Ok Err String ToString Vec TryFrom TryInto FromIterator Future".split(
    " ",
  ),
  ..."IntoFuture Debug Hash".split(" "),
  ..."bool char str i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f16 f32 f64 f128 never".split(" "),
  ..."std core alloc proc_macro test self crate super Self rustfmt clippy diagnostic miri rust_analyzer".split(" "),
]);

/** Macros, derives and attributes that are macros. (Of a builtin attribute's name nothing else may be in scope.) */
export const MACRO_NAMES: ReadonlySet<string> = new Set([
  ...STD_MACROS,
  ...STD_DERIVES,
  ..."const_format_args format_args_nl concat_bytes concat_idents include log_syntax trace_macros global_asm".split(
    " ",
  ),
  ..."naked_asm assert_matches debug_assert_matches unsafe_binder pattern_type deref contracts_ensures".split(" "),
  ..."contracts_requires autodiff derive derive_const test bench cfg_eval cfg_accessible global_allocator".split(" "),
  ..."test_case type_ascribe define_opaque try r#try cfg_select panic_handler".split(" "),
]);

/** Methods and associated functions of std's traits. */
export const METHODS_OF_TRAITS: ReadonlySet<string> = new Set([
  ..."clone clone_from eq ne cmp partial_cmp lt le gt ge max min clamp hash hash_slice fmt default drop".split(" "),
  ..."from into try_from try_into from_str as_ref as_mut borrow borrow_mut to_owned clone_into to_string".split(" "),
  ..."deref deref_mut index index_mut next next_back size_hint into_iter from_iter extend call call_mut".split(" "),
  ..."call_once add sub mul div rem neg not bitand bitor bitxor shl shr add_assign sub_assign mul_assign".split(" "),
  ..."div_assign rem_assign bitand_assign bitor_assign bitxor_assign shl_assign shr_assign poll into_future".split(" "),
  ..."write write_all write_fmt write_str write_char write_vectored flush by_ref read read_exact read_to_end".split(
    " ",
  ),
  ..."read_to_string read_line fill_buf consume seek source description cause type_id provide finish".split(" "),
  ..."build_hasher start_bound end_bound contains report as_display as_dyn_error anyhow_kind eyre_kind".split(" "),
]);
