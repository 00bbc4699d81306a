//! One program: from what it consists of to an image that may be started, one generation after the other.
//!
//! **Takes** the bitcode of a program's crates, and edited functions. **Gives** generations: an image and an executable that loads
//! it, kept up to date in place, completed on first calls, and gone on with when another daemon ends. **Never** knows the
//! protocol, or which programs there are.

mod bases;
mod body_lane;
mod build_id;
mod code;
mod difference;
mod error;
mod executable;
mod first_calls;
mod folders;
mod function;
mod generation;
mod history;
mod image_folder;
mod linked_for;
mod live;
mod memory;
mod options;
mod outcome;
mod publish;
mod published;
mod reading;
mod request;
mod resources;
mod resume;
mod serve;
mod session_links;
mod state;
mod taken_over;
mod takeover;
mod unit_set;
mod view;

pub use bases::BaseImages;
pub use error::Error;
pub use folders::private_folder;
pub use function::FunctionOf;
pub use image_folder::{FolderError, ImageFolder, room};
pub use memory::give_memory_back;
pub use options::ProgramOptions;
pub use outcome::Outcome;
pub use published::Published;
pub use reading::{Reading, read};
pub use request::{BodyLaneCrate, CrateBitcode, Request};
pub use resources::Resources;
pub use resume::{DamagedState, check_state as check_resume_state};
pub use serve::ServeContext;
pub use state::{LockedProgram, Program, ProgramStatus};
pub use taken_over::TakenOver;
pub use takeover::{forget_others, orphans_in, take_over};
pub use view::View;

/// Stack of threads that read or compile functions, whose names and types can be nested deeply: address space, as long as it is
/// not used.
pub const STACK: usize = 64 << 20;
