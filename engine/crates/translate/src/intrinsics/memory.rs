//! `memcpy` and its kin.

use cranefly_bitcode::ir::{Constant, Operand};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value, types};

use crate::error::Result;
use crate::repr::Values;
use crate::translator::Translator;

/// Copies and fills of at most this many bytes are made of single loads and stores.
const INLINE_LIMIT: u64 = 64;

impl Translator<'_> {
    pub fn intrinsic_of_memory(&mut self, base: &str, args: &[Operand]) -> Result<Option<Values>> {
        match base {
            "memcpy" | "memcpy.inline" | "memmove" => {
                let to = self.pointer(&args[0])?;
                let from = self.pointer(&args[1])?;
                match constant(&args[2]) {
                    Some(size) if size <= INLINE_LIMIT => self.copy(to, from, size),
                    _ => {
                        let size = self.length(&args[2])?;
                        let name = if base == "memmove" { "memmove" } else { "memcpy" };
                        self.runtime_call(name, &[to, from, size], Some(types::I64));
                    }
                }
            }
            "memset" | "memset.inline" => {
                let to = self.pointer(&args[0])?;
                match (constant(&args[1]), constant(&args[2])) {
                    (Some(byte), Some(size)) if size <= INLINE_LIMIT => self.fill(to, byte as u8, size),
                    _ => {
                        let byte = self.scalar(&args[1], &Llvm::Int(8))?;
                        let byte = self.b.ins().uextend(types::I32, byte);
                        let size = self.length(&args[2])?;
                        self.runtime_call("memset", &[to, byte, size], Some(types::I64));
                    }
                }
            }
            _ => return Ok(None),
        }
        Ok(Some(Values::new()))
    }

    /// A length operand, `i32` or `i64`.
    fn length(&mut self, operand: &Operand) -> Result<Value> {
        let ty = match operand {
            Operand::Constant(constant) => constant.ty().clone(),
            Operand::Value(_) => std::sync::Arc::new(Llvm::Int(64)),
        };
        let value = self.scalar(operand, &ty)?;
        let wide = self.b.func.dfg.value_type(value) == types::I64;
        Ok(if wide { value } else { self.b.ins().uextend(types::I64, value) })
    }

    /// Copies `size` bytes; all loads come before all stores, so that the places may overlap.
    pub fn copy(&mut self, to: Value, from: Value, size: u64) {
        let flags = MemFlagsData::new().with_notrap();
        if size > INLINE_LIMIT {
            let size = self.int(types::I64, u128::from(size));
            self.runtime_call("memcpy", &[to, from, size], Some(types::I64));
            return;
        }
        let mut loaded: Vec<(Value, i32)> = Vec::new();
        for (ty, offset) in pieces(size) {
            loaded.push((self.b.ins().load(ty, flags, from, offset), offset));
        }
        for (value, offset) in loaded {
            self.b.ins().store(flags, value, to, offset);
        }
    }

    fn fill(&mut self, to: Value, byte: u8, size: u64) {
        let flags = MemFlagsData::new().with_notrap();
        let vector = (size >= 16).then(|| self.vector_constant(types::I8X16, &[byte; 16]));
        for (ty, offset) in pieces(size) {
            let value = match vector {
                Some(vector) if ty == types::I8X16 => vector,
                _ => self.int(ty, u128::from_le_bytes([byte; 16])),
            };
            self.b.ins().store(flags, value, to, offset);
        }
    }
}

/// Accesses that cover `size` bytes exactly.
fn pieces(size: u64) -> impl Iterator<Item = (Type, i32)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let (ty, step) = match size - done {
            0 => return None,
            16.. => (types::I8X16, 16),
            8.. => (types::I64, 8),
            4.. => (types::I32, 4),
            2.. => (types::I16, 2),
            1 => (types::I8, 1),
        };
        let at = done as i32;
        done += step;
        Some((ty, at))
    })
}

fn constant(operand: &Operand) -> Option<u64> {
    match operand {
        Operand::Constant(Constant::Bits(_, words)) => Some(words.first().copied().unwrap_or(0)),
        Operand::Constant(Constant::Zero(_)) => Some(0),
        _ => None,
    }
}
