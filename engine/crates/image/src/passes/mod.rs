//! What moves between the tables: names find definitions, definitions find places, code is bound to them and put in place.

pub(crate) mod assembly;
pub(crate) mod commit;
pub(crate) mod contested;
pub(crate) mod install;
pub(crate) mod late_code;
pub(crate) mod liveness;
pub(crate) mod outside;
pub(crate) mod place_groups;
pub(crate) mod resolve;
pub(crate) mod text;
pub(crate) mod unresolved;
pub(crate) mod update;
