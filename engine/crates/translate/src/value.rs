//! Operands and constants.

use cranefly_bitcode::ir::{Constant, Operand, SymbolId, SymbolKind, ValueId};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::entity::packed_option::ReservedValue;
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::{
    ConstantData, ExternalName, GlobalValueData, InstBuilder, Type, UserExternalName, Value, types,
};
use smallvec::smallvec;

use crate::error::{Result, unsupported};
use crate::names::SYMBOL;
use crate::repr::{self, Leaf, Packing, Values};
use crate::translator::{Def, Translator};

impl Translator<'_> {
    /// All leaves of an operand of type `ty`.
    pub fn operand(&mut self, operand: &Operand, ty: &Llvm) -> Result<Values> {
        let mut values = self.operand_lazy(operand, ty)?;
        if values.iter().any(|value| value.is_reserved_value()) {
            let leaves = repr::leaves(ty)?;
            for (value, leaf) in values.iter_mut().zip(leaves) {
                if value.is_reserved_value() {
                    *value = self.zero(leaf.ty);
                }
            }
        }
        Ok(values)
    }

    /// As [`Self::operand`], but undefined leaves stay the reserved value.
    pub fn operand_lazy(&mut self, operand: &Operand, ty: &Llvm) -> Result<Values> {
        match operand {
            Operand::Value(id) => self.value(*id),
            Operand::Constant(constant) => {
                let mut out = Values::new();
                self.constant(constant, ty, &mut out)?;
                Ok(out)
            }
        }
    }

    /// The only leaf of a scalar operand.
    pub fn scalar(&mut self, operand: &Operand, ty: &Llvm) -> Result<Value> {
        if let Operand::Value(id) = operand
            && let Def::One(value) = self.defs[id.0 as usize]
        {
            return Ok(value);
        }
        match self.operand(operand, ty)?.as_slice() {
            [one] => Ok(*one),
            _ => unsupported!("{ty:?} where a scalar is needed"),
        }
    }

    /// A pointer operand.
    pub fn pointer(&mut self, operand: &Operand) -> Result<Value> {
        self.scalar(operand, &Llvm::Pointer)
    }

    fn value(&mut self, id: ValueId) -> Result<Values> {
        Ok(match self.defs[id.0 as usize] {
            Def::One(value) => smallvec![value],
            Def::Many(start, len) => self.pool[start as usize..(start + len) as usize].into(),
            Def::Slot(slot, offset) => smallvec![self.b.ins().stack_addr(types::I64, slot, offset)],
            Def::None => unsupported!("use of a value before its definition"),
        })
    }

    fn constant(&mut self, constant: &Constant, ty: &Llvm, out: &mut Values) -> Result<()> {
        match constant {
            Constant::Undef(_) => {
                out.extend(std::iter::repeat_n(Value::reserved_value(), repr::leaf_count(ty)?));
            }
            Constant::Zero(_) => {
                for leaf in repr::leaves(ty)? {
                    let zero = self.zero(leaf.ty);
                    out.push(zero);
                }
            }
            Constant::Bits(_, words) => {
                let value = self.bits(repr::scalar(ty)?, words);
                out.push(value);
            }
            Constant::Aggregate(_, elements) => match ty {
                Llvm::Vector(element, _) => self.constant_vector(elements, element, ty, out)?,
                Llvm::Array(element, _) => {
                    for constant in elements {
                        self.constant(constant, element, out)?;
                    }
                }
                Llvm::Struct { fields, .. } => {
                    for (constant, field) in elements.iter().zip(fields) {
                        self.constant(constant, field, out)?;
                    }
                }
                other => unsupported!("aggregate constant of type {other:?}"),
            },
            Constant::Symbol(_, symbol, offset) => {
                let address = self.symbol_address(*symbol, *offset)?;
                let leaf = repr::scalar(ty)?;
                let value = self.resize(address, 64, leaf, false);
                out.push(value);
            }
            Constant::Unsupported(_, what) => unsupported!("constant {what}"),
        }
        Ok(())
    }

    fn constant_vector(&mut self, elements: &[Constant], element: &Llvm, ty: &Llvm, out: &mut Values) -> Result<()> {
        let shape = repr::vector_shape(ty)?.expect("vector type");
        if let Packing::Packed { ty: part, per } | Packing::Mask { ty: part, per } = shape.packing {
            let mask = matches!(shape.packing, Packing::Mask { .. });
            let bytes = part.lane_bits() / 8;
            let words: Option<Vec<u64>> = elements
                .iter()
                .map(|constant| match constant {
                    Constant::Undef(_) | Constant::Zero(_) => Some(0),
                    Constant::Bits(_, words) => Some(words.first().copied().unwrap_or(0)),
                    _ => None,
                })
                .collect();
            if let Some(words) = words {
                for lanes in words.chunks(per as usize) {
                    let mut data = Vec::with_capacity(16);
                    for &word in lanes {
                        let word = if mask { (word & 1).wrapping_neg() } else { word };
                        data.extend_from_slice(&word.to_le_bytes()[..bytes as usize]);
                    }
                    let handle = self.b.func.dfg.constants.insert(ConstantData::from(data.as_slice()));
                    let value = self.b.ins().vconst(part, handle);
                    out.push(value);
                }
                return Ok(());
            }
        }
        let mut lanes = Values::new();
        for constant in elements {
            self.constant(constant, element, &mut lanes)?;
        }
        for lane in &mut lanes {
            if lane.is_reserved_value() {
                *lane = self.zero(shape.lane.ty);
            }
        }
        let joined = self.join_lanes(&shape, &lanes);
        out.extend(joined);
        Ok(())
    }

    /// A scalar constant from its bit pattern.
    fn bits(&mut self, leaf: Leaf, words: &[u64]) -> Value {
        let low = words.first().copied().unwrap_or(0);
        match leaf.ty {
            types::F32 => self.b.ins().f32const(Ieee32::with_bits(low as u32)),
            types::F64 => self.b.ins().f64const(Ieee64::with_bits(low)),
            _ => {
                let high = words.get(1).copied().unwrap_or(0);
                let mask = if leaf.bits >= 128 { u128::MAX } else { (1 << leaf.bits) - 1 };
                self.int(leaf.ty, (u128::from(low) | u128::from(high) << 64) & mask)
            }
        }
    }

    /// An integer constant; `value` is cut to the type.
    pub fn int(&mut self, ty: Type, value: u128) -> Value {
        if ty == types::I128 {
            let low = self.b.ins().iconst(types::I64, value as u64 as i64);
            let high = self.b.ins().iconst(types::I64, (value >> 64) as u64 as i64);
            return self.b.ins().iconcat(low, high);
        }
        let mask = if ty.bits() == 64 { u64::MAX } else { (1 << ty.bits()) - 1 };
        self.b.ins().iconst(ty, (value as u64 & mask) as i64)
    }

    /// The zero of a type.
    pub fn zero(&mut self, ty: Type) -> Value {
        match ty {
            types::F32 => self.b.ins().f32const(Ieee32::with_bits(0)),
            types::F64 => self.b.ins().f64const(Ieee64::with_bits(0)),
            ty if ty.is_vector() => self.vector_constant(ty, &[0; 16]),
            ty => self.int(ty, 0),
        }
    }

    /// A 128-bit vector constant.
    pub fn vector_constant(&mut self, ty: Type, bytes: &[u8; 16]) -> Value {
        let handle = self.b.func.dfg.constants.insert(ConstantData::from(bytes.as_slice()));
        self.b.ins().vconst(ty, handle)
    }

    /// Address of a symbol plus `offset` bytes: a GOT load, or a thread-local's address.
    pub fn symbol_address(&mut self, symbol: SymbolId, offset: i64) -> Result<Value> {
        let index = symbol.0 as usize;
        let tls = self.source.symbols[index].kind == SymbolKind::ThreadLocal;
        let global = match self.globals[index] {
            Some(global) => global,
            None => {
                let name =
                    self.b.func.declare_imported_user_function(UserExternalName { namespace: SYMBOL, index: symbol.0 });
                let global = self.b.create_global_value(GlobalValueData::Symbol {
                    name: ExternalName::user(name),
                    offset: 0.into(),
                    colocated: false,
                    tls,
                });
                self.globals[index] = Some(global);
                global
            }
        };
        let base = if tls {
            self.b.ins().tls_value(types::I64, global)
        } else {
            self.b.ins().symbol_value(types::I64, global)
        };
        Ok(if offset == 0 { base } else { self.b.ins().iadd_imm_s(base, offset) })
    }
}
