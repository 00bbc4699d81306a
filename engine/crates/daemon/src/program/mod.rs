//! One program: from what it consists of to an image that may be started.

pub mod executable;
pub mod generation;
pub mod history;
pub mod image_folder;
pub mod live;
pub mod options;
pub mod program;
pub mod publish;
pub mod resume;
pub mod serve;
pub mod session_links;
pub mod takeover;
pub mod view;
