//! The wire protocol: JSON-RPC 2.0 with `Content-Length` headers over a Unix stream socket.
//!
//! **Takes** a connection's bytes. **Gives** requests with typed parameters, and writes answers. **Never** knows anything of the
//! engine: what a request means is for its handler to say.
//!
//! The same types are in `shared/src` for TypeScript; both sides refuse a peer with another [`PROTOCOL`] number.

mod bitcode;
mod body_lane;
mod compile;
mod functions;
mod inspect;
mod publish;
pub mod rpc;
mod session;
mod status;

pub use bitcode::BitcodeFile;
pub use body_lane::{
    BodyLaneCounts, BodyLaneParams, EditedFunction, Instance, InstancesResult, Instantiator, InstantiatorsResult,
    Needed, SourceLine, TestsResult, Verified,
};
pub use compile::{CompileParams, CompileResult, FunctionAt};
pub use functions::{
    Family, FunctionEntry, FunctionStatus, FunctionTimes, FunctionsParams, FunctionsResult, SummaryParams,
    SummaryResult, Tier, TierCounts,
};
pub use inspect::{InspectParams, InspectResult, TextKind, TextLine, TextReference};
pub use publish::{Fallback, FunctionCounts, PublishParams, PublishResult, StageTimes, Strip, UnitCounts, UnitParams};
pub use rpc::RpcError;
pub use session::{InitializeParams, InitializeResult, WorkspaceParams};
pub use status::{CacheStatus, MemoryStatus, ProgramStatus, StatusResult};

/// Version of the protocol; raised with every incompatible change.
pub const PROTOCOL: u32 = 2;
