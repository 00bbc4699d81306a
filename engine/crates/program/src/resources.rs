//! What the programs of a daemon share.

use std::sync::Arc;

use cranefly_cgu::UnitCache;

use crate::bases::BaseImages;
use crate::serve::ServeContext;
use crate::taken_over::TakenOver;

/// What the programs of a daemon share.
#[derive(Debug)]
pub struct Resources {
    /// What images are served with.
    pub serve: Arc<ServeContext>,
    /// Codegen units by their contents.
    pub units: UnitCache,
    /// Base images.
    pub bases: BaseImages,
    /// Images of the daemon before.
    pub taken_over: TakenOver,
    /// Functions without code that are compiled before a program may start, the first in call order.
    pub eager: usize,
}
