//! What a publication brought.

use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use cranefly_cache::Compiled;
use cranefly_select::{SelectionCounts, Verified};

use crate::view::View;

/// A generation that was published.
#[derive(Debug)]
pub struct Published {
    /// What it is.
    pub view: Arc<View>,
    /// The generation before. Its tables take milliseconds to free: that is for when nobody waits.
    pub before: Option<Arc<View>>,
    /// What was read and compiled for it.
    pub work: Work,
    /// What happened to the functions.
    pub functions: FunctionCounts,
    /// What the body lane brought.
    pub body_lane: Option<SelectionCounts>,
    /// How the body lane's functions compare with the crate lane's.
    pub verified: Option<Verified>,
    /// Linking in place and publishing.
    pub link: Duration,
    /// Waiting for translation and code generation, on all cores.
    pub wait: Duration,
}

/// Functions of a generation.
#[derive(Clone, Copy, Debug, Default)]
pub struct FunctionCounts {
    /// In the program.
    pub total: u64,
    /// New, or other content than in the generation before.
    pub changed: u64,
    /// Changed, with code from the store.
    pub hit: u64,
    /// Left to be compiled when first called.
    pub deferred: u64,
}

/// What was compiled. Times are microseconds, summed over threads.
#[derive(Clone, Copy, Debug, Default)]
pub struct CompileWork {
    /// LLVM IR to Cranelift IR.
    pub translate_us: f64,
    /// Code generation.
    pub compile_us: f64,
    /// Functions.
    pub functions: u64,
    /// Of those, the ones that LLVM compiled.
    pub llvm: u64,
}

impl CompileWork {
    /// Counts a function that was compiled.
    pub fn add(&mut self, code: &Compiled) {
        self.translate_us += f64::from(code.translate_us);
        self.compile_us += f64::from(code.compile_us);
        self.functions += 1;
        self.llvm += u64::from(code.construct.is_some());
    }
}

impl AddAssign for CompileWork {
    fn add_assign(&mut self, other: Self) {
        self.translate_us += other.translate_us;
        self.compile_us += other.compile_us;
        self.functions += other.functions;
        self.llvm += other.llvm;
    }
}

/// What was read and compiled. Times are microseconds, summed over threads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work {
    /// Opening bitcode and decoding functions.
    pub parse_us: f64,
    /// Keys.
    pub hash_us: f64,
    /// Codegen units that were read.
    pub read: u64,
    /// Codegen units that were known from before.
    pub reused: u64,
    /// What was compiled.
    pub code: CompileWork,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.parse_us += other.parse_us;
        self.hash_us += other.hash_us;
        self.read += other.read;
        self.reused += other.reused;
        self.code += other.code;
    }
}

impl Work {
    /// Counts what was done for an earlier attempt at the same publication: what that read is not reused.
    pub fn include_earlier(&mut self, earlier: Self) {
        let reused = self.reused.saturating_sub(earlier.read);
        *self += earlier;
        self.reused = reused;
    }
}
