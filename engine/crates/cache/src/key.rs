//! Content keys of functions.

use std::hash::{Hash, Hasher};

use cranefly_bitcode::ir::Function;

/// 128 bits of BLAKE3 over everything that shapes a function's machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u128);

impl Key {
    /// The key of a function whose code depends on `input`, besides what the key stands for: what LLVM reads, and its decoded
    /// form leaves out.
    #[must_use]
    pub fn with(self, input: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0.to_le_bytes());
        hasher.update(input);
        Self::of(&hasher.finalize())
    }

    fn of(hash: &blake3::Hash) -> Self {
        let (low, _) = hash.as_bytes().split_at(16);
        Self(u128::from_le_bytes(low.try_into().expect("16 bytes")))
    }
}

/// Computes keys; keeps its buffer between functions.
///
/// The derived `Hash` of [`Function`] feeds every field that later stages can read into the buffer, so the key cannot miss
/// an input: what a stage may depend on is what the type holds. LLVM reads more: see [`Key::with`].
#[derive(Debug)]
pub struct Keyer {
    prefix: Vec<u8>,
    buffer: Bytes,
}

impl Keyer {
    /// `configuration` names everything outside of the function that code depends on: target, flags, compiler versions.
    pub fn new(configuration: &str) -> Self {
        let mut prefix = configuration.as_bytes().to_vec();
        prefix.push(0xff);
        Self { prefix, buffer: Bytes(Vec::with_capacity(1 << 16)) }
    }

    /// The key of a function of the unit whose bytes are `unit`. They count only for a function that is
    /// [incomplete](Function::is_incomplete): its decoded form does not tell everything.
    pub fn key(&mut self, function: &Function, unit: &[u8]) -> Key {
        self.buffer.0.clear();
        self.buffer.0.extend_from_slice(&self.prefix);
        function.hash(&mut self.buffer);
        if function.is_incomplete() {
            self.buffer.0.extend_from_slice(blake3::hash(unit).as_bytes());
        }
        Key::of(&blake3::hash(&self.buffer.0))
    }
}

/// A `Hasher` that only collects.
#[derive(Debug)]
struct Bytes(Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn write_u8(&mut self, value: u8) {
        self.0.push(value);
    }

    fn write_u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn write_u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn finish(&self) -> u64 {
        unreachable!("the collected bytes are hashed, not this")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cranefly_bitcode::ir::{
        Block, Constant, Extension, Function, GlobalId, Instruction, Op, Operand, Signature, SymbolKind, SymbolRef,
    };
    use cranefly_bitcode::types::Type;
    use smallvec::smallvec;

    use super::Keyer;

    fn returning(value: u64, symbol: u32, kind: SymbolKind) -> Function {
        let ty = Arc::new(Type::Int(32));
        let value = Operand::Constant(Constant::Bits(ty.clone(), smallvec![value]));
        let ret =
            Instruction { result: None, ty: Arc::new(Type::Void), op: Op::Ret { value: Some(value) }, location: None };
        Function {
            signature: Signature {
                ret: ty,
                ret_extension: Extension::None,
                params: Vec::new(),
                variadic: false,
                call_conv: 0,
            },
            personality: None,
            nounwind: true,
            align: 0,
            blocks: vec![Block { instructions: vec![ret] }],
            values: 0,
            symbols: vec![SymbolRef { global: GlobalId(symbol), kind }],
            locations: Vec::new(),
            subprogram: None,
            attributes: Vec::new(),
        }
    }

    #[test]
    fn content_and_configuration_count() {
        let function = returning(1, 0, SymbolKind::Function);
        let key = Keyer::new("a").key(&function, &[]);
        assert_eq!(key, Keyer::new("a").key(&function, &[]));
        assert_ne!(key, Keyer::new("b").key(&function, &[]));
        assert_ne!(key, Keyer::new("a").key(&returning(2, 0, SymbolKind::Function), &[]));
    }

    #[test]
    fn what_llvm_reads_besides_counts() {
        let key = Keyer::new("").key(&returning(1, 0, SymbolKind::Function), &[]);
        assert_eq!(key.with(b"align 16"), key.with(b"align 16"));
        assert_ne!(key.with(b"align 16"), key.with(b"align 1"));
        assert_ne!(key.with(b""), key);
    }

    #[test]
    fn an_incomplete_function_is_known_by_its_unit() {
        let mut function = returning(1, 0, SymbolKind::Data);
        let mut keyer = Keyer::new("");
        assert_eq!(keyer.key(&function, b"unit"), keyer.key(&function, b"other"));
        let ty = Arc::new(Type::Int(32));
        let value = Operand::Constant(Constant::Unsupported(ty, "blockaddress".to_owned()));
        function.blocks[0].instructions[0].op = Op::Ret { value: Some(value) };
        assert_ne!(keyer.key(&function, b"unit"), keyer.key(&function, b"other"));
    }

    #[test]
    fn a_symbol_counts_by_kind_and_not_by_identity() {
        let mut keyer = Keyer::new("");
        let key = keyer.key(&returning(1, 0, SymbolKind::Data), &[]);
        assert_eq!(key, keyer.key(&returning(1, 7, SymbolKind::Data), &[]));
        assert_ne!(key, keyer.key(&returning(1, 0, SymbolKind::ThreadLocal), &[]));
    }
}
