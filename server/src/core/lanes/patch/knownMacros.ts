/**
 * Macros of std and of other crates of which it is known what they make of their input: they mention no name of the user's crate that does
 * not stand in their input, or in attributes beside it. Sources: std's documentation, and the crates' own. In doubt, a macro is not here.
 */

/** std's macros that look like functions. */
export const STD_MACROS: ReadonlySet<string> = new Set([
  ..."print println eprint eprintln format format_args write writeln panic assert assert_eq assert_ne dbg".split(" "),
  ..."debug_assert debug_assert_eq debug_assert_ne unreachable unimplemented todo matches vec concat stringify".split(
    " ",
  ),
  ..."line column file module_path env option_env include_str include_bytes cfg compile_error thread_local".split(" "),
  ..."is_x86_feature_detected addr_of addr_of_mut offset_of pin ready asm try".split(" "),
]);

export const STD_DERIVES: ReadonlySet<string> = new Set(
  "Clone Copy Debug Default Eq Hash Ord PartialEq PartialOrd".split(" "),
);

/** Macros of other crates that are expressions, by their paths. */
const LEVELS = ["error", "warn", "info", "debug", "trace"];
export const FOREIGN_MACROS: ReadonlySet<string> = new Set([
  ...LEVELS.map((level) => `log::${level}`),
  ...LEVELS.flatMap((level) => [`tracing::${level}`, `tracing::${level}_span`]),
  ..."log::log log::log_enabled tracing::event tracing::span tracing::enabled".split(" "),
  ..."anyhow::anyhow anyhow::bail anyhow::ensure eyre::eyre eyre::bail eyre::ensure".split(" "),
  ..."color_eyre::eyre::eyre color_eyre::eyre::bail color_eyre::eyre::ensure serde_json::json smallvec::smallvec".split(
    " ",
  ),
]);

/** Derives of other crates, by their paths. */
export const FOREIGN_DERIVES: ReadonlySet<string> = new Set([
  ..."serde::Serialize serde::Deserialize thiserror::Error".split(" "),
  ..."clap::Parser clap::Subcommand clap::Args clap::ValueEnum".split(" "),
]);

/** What these derives read beside them. */
export const DERIVE_HELPERS: ReadonlySet<string> = new Set(
  "serde error from source backtrace arg command clap value group".split(" "),
);

/** Attribute macros of other crates, by their paths. */
export const FOREIGN_ATTRIBUTES: ReadonlySet<string> = new Set(
  "tokio::main tokio::test tracing::instrument async_trait::async_trait".split(" "),
);

/** Macros of other crates that are items, by their paths, and make nothing private of the words of their inputs. */
export const PUBLIC_ITEMS: ReadonlySet<string> = new Set([
  ..."diesel::table diesel::joinable diesel::allow_tables_to_appear_in_same_query".split(" "),
  "diesel::allow_columns_to_appear_in_same_group_by_clause",
]);

/** Macros of other crates that are items, and bring no glob import into the module that they stand in. */
export const FOREIGN_ITEMS: ReadonlySet<string> = new Set([
  ..."lazy_static::lazy_static bitflags::bitflags slotmap::new_key_type cfg_if::cfg_if".split(" "),
  ...PUBLIC_ITEMS,
]);
