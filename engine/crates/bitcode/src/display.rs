//! Decoded modules and functions as text, close to LLVM's own assembly, for people and tests.

use std::fmt::{self, Display, Formatter, Write};

use crate::ir::{
    Attribute, AttributeOf, Block, Callee, Clause, Constant, Extension, Function, Global, GlobalKind, Instruction,
    Module, Op, Operand, Param, Signature, SourceFrame,
};
use crate::types::{Type, TypeRef};

/// Shows a module: every global with its contents.
pub struct ModuleText<'a>(pub &'a Module);

/// Shows a function; symbols appear by their names in `module`.
pub struct FunctionText<'a> {
    /// The unit that the function is from.
    pub module: &'a Module,
    /// The body.
    pub function: &'a Function,
}

impl Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => f.write_str("void"),
            Self::Int(bits) => write!(f, "i{bits}"),
            Self::Half => f.write_str("half"),
            Self::Float => f.write_str("float"),
            Self::Double => f.write_str("double"),
            Self::Quad => f.write_str("fp128"),
            Self::Pointer => f.write_str("ptr"),
            Self::Array(element, count) => write!(f, "[{count} x {element}]"),
            Self::Vector(element, lanes) => write!(f, "<{lanes} x {element}>"),
            Self::Struct { packed, fields } => {
                let (open, close) = if *packed { ("<{ ", " }>") } else { ("{ ", " }") };
                write!(f, "{open}{}{close}", list(fields.iter()))
            }
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// `function attribute naked`, `parameter attribute inreg`, `function attribute target-cpu=x86-64`.
impl Display for Attribute {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let on = match self.on {
            AttributeOf::Function => "function",
            AttributeOf::Parameter => "parameter",
        };
        write!(f, "{on} attribute {}", self.name)?;
        if self.value.is_empty() { Ok(()) } else { write!(f, "={}", self.value) }
    }
}

fn list<T: Display>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

fn hex(words: &[u64]) -> String {
    let mut text = String::new();
    for word in words.iter().rev() {
        if text.is_empty() {
            let _ = write!(text, "{word:#x}");
        } else {
            let _ = write!(text, "_{word:016x}");
        }
    }
    text
}

impl Display for ModuleText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let module = self.0;
        let name = |index: usize| &module.globals[index].name;
        for (index, global) in module.globals.iter().enumerate() {
            self.global(f, index, global)?;
        }
        for (title, entries) in [("constructor", &module.constructors), ("destructor", &module.destructors)] {
            for (priority, id) in entries {
                writeln!(f, "{title} {priority} {}", name(id.0 as usize))?;
            }
        }
        for id in &module.used {
            writeln!(f, "used {}", name(id.0 as usize))?;
        }
        for (id, what) in &module.unsupported {
            writeln!(f, "unsupported {}: {what}", name(id.0 as usize))?;
        }
        if !module.assembly.is_empty() {
            writeln!(f, "module asm {:?}", module.assembly)?;
        }
        Ok(())
    }
}

impl ModuleText<'_> {
    fn global(&self, f: &mut Formatter<'_>, index: usize, global: &Global) -> fmt::Result {
        let hidden = if global.hidden { " hidden" } else { "" };
        write!(f, "@{index} {} {:?}{hidden}", global.name, global.linkage)?;
        match &global.kind {
            GlobalKind::Function { defined } => {
                writeln!(f, " {}", if *defined { "define" } else { "declare" })
            }
            GlobalKind::Alias { target, offset } => {
                writeln!(f, " alias {}{offset:+}", self.0.globals[target.0 as usize].name)
            }
            GlobalKind::Variable(variable) => {
                let flags = [
                    (variable.thread_local, " thread_local"),
                    (variable.unnamed_addr, " unnamed_addr"),
                    (variable.constant, " constant"),
                ];
                flags.iter().filter(|(set, _)| *set).try_for_each(|(_, text)| f.write_str(text))?;
                write!(f, " size {} align {}", variable.size, variable.align)?;
                if let Some(section) = &variable.section {
                    write!(f, " section {section:?}")?;
                }
                let Some(init) = &variable.init else { return writeln!(f) };
                write!(f, " = b\"{}\"", init.bytes.escape_ascii())?;
                for pointer in &init.pointers {
                    let target = &self.0.globals[pointer.target.0 as usize].name;
                    write!(f, " [{}]={target}{:+}", pointer.offset, pointer.addend)?;
                }
                writeln!(f)
            }
        }
    }
}

impl Display for FunctionText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let function = self.function;
        writeln!(f, "signature {}", self.signature(&function.signature))?;
        if let Some(subprogram) = &function.subprogram {
            writeln!(
                f,
                "subprogram {}::{} ({}) {}:{}",
                subprogram.namespace.join("::"),
                subprogram.name,
                subprogram.linkage_name,
                subprogram.file.name,
                subprogram.line
            )?;
        }
        if let Some(personality) = function.personality {
            writeln!(f, "personality {}", self.symbol(personality.0, 0))?;
        }
        let attributes = list(function.attributes.iter());
        writeln!(f, "nounwind {} align {} attributes [{attributes}]", function.nounwind, function.align)?;
        for (index, block) in function.blocks.iter().enumerate() {
            self.block(f, index, block)?;
        }
        for (index, location) in function.locations.iter().enumerate() {
            let frame = |frame: &SourceFrame| {
                format!("{}:{}:{} in {}", frame.file.name, frame.line, frame.column, frame.subprogram.name)
            };
            writeln!(f, "!{index} = {}", location.frames.iter().map(frame).collect::<Vec<_>>().join(" < "))?;
        }
        Ok(())
    }
}

impl FunctionText<'_> {
    fn block(&self, f: &mut Formatter<'_>, index: usize, block: &Block) -> fmt::Result {
        writeln!(f, "b{index}:")?;
        for Instruction { result, ty, op, location } in &block.instructions {
            f.write_str("    ")?;
            if let Some(result) = result {
                write!(f, "%{}: {ty} = ", result.0)?;
            }
            f.write_str(&self.op(op))?;
            match location {
                Some(location) => writeln!(f, " !{}", location.0)?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }

    fn signature(&self, signature: &Signature) -> String {
        let extension = |extension| match extension {
            Extension::None => "",
            Extension::Zero => " zeroext",
            Extension::Sign => " signext",
        };
        let param = |param: &Param| {
            let sret = if param.sret { " sret" } else { "" };
            let byval = param.byval.map_or_else(String::new, |(size, align)| format!(" byval({size}, {align})"));
            format!("{}{}{sret}{byval}", param.ty, extension(param.extension))
        };
        let dots = if signature.variadic { ", ..." } else { "" };
        let ret = format!("{}{}", signature.ret, extension(signature.ret_extension));
        format!("cc{} ({}{dots}) -> {ret}", signature.call_conv, list(signature.params.iter().map(param)))
    }

    fn symbol(&self, index: u32, addend: i64) -> String {
        let global = self.function.symbols[index as usize].global;
        let name = &self.module.globals[global.0 as usize].name;
        if addend == 0 { format!("@{name}") } else { format!("@{name}{addend:+}") }
    }

    fn constant(&self, constant: &Constant) -> String {
        match constant {
            Constant::Undef(ty) => format!("{ty} undef"),
            Constant::Zero(ty) => format!("{ty} zero"),
            Constant::Bits(ty, words) => format!("{ty} {}", hex(words)),
            Constant::Aggregate(ty, parts) => {
                format!("{ty} ({})", list(parts.iter().map(|part| self.constant(part))))
            }
            Constant::Symbol(ty, symbol, addend) => format!("{ty} {}", self.symbol(symbol.0, *addend)),
            Constant::Unsupported(ty, what) => format!("{ty} unsupported({what})"),
        }
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Value(value) => format!("%{}", value.0),
            Operand::Constant(constant) => self.constant(constant),
        }
    }

    fn op(&self, op: &Op) -> String {
        let o = |operand: &Operand| self.operand(operand);
        let memory = |align: &u64, volatile: &bool, ordering: &Option<crate::ir::Ordering>| {
            let volatile = if *volatile { " volatile" } else { "" };
            let ordering = ordering.map_or_else(String::new, |ordering| format!(" atomic {ordering:?}"));
            format!("align {align}{volatile}{ordering}")
        };
        match op {
            Op::Alloca { size, align, count } => {
                let count = count.as_ref().map_or_else(String::new, |count| format!(" x {}", o(count)));
                format!("alloca {size}{count} align {align}")
            }
            Op::Load { pointer, align, volatile, ordering } => {
                format!("load {} {}", o(pointer), memory(align, volatile, ordering))
            }
            Op::Store { pointer, value, ty, align, volatile, ordering } => {
                format!("store {ty} {} -> {} {}", o(value), o(pointer), memory(align, volatile, ordering))
            }
            Op::GetElementPtr { base, offset, terms } => {
                let terms = terms.iter().map(|term| format!(" + i{} {} * {}", term.bits, o(&term.index), term.scale));
                format!("gep {} {offset:+}{}", o(base), terms.collect::<String>())
            }
            Op::Binary { op, lhs, rhs } => format!("{op:?} {}, {}", o(lhs), o(rhs)),
            Op::FNeg { value } => format!("fneg {}", o(value)),
            Op::Cast { op, value, from } => format!("{op:?} {from} {}", o(value)),
            Op::ICmp { predicate, ty, lhs, rhs } => format!("icmp {predicate:?} {ty} {}, {}", o(lhs), o(rhs)),
            Op::FCmp { predicate, ty, lhs, rhs } => format!("fcmp {predicate:?} {ty} {}, {}", o(lhs), o(rhs)),
            Op::Select { condition, condition_ty, on_true, on_false } => {
                format!("select {condition_ty} {}, {}, {}", o(condition), o(on_true), o(on_false))
            }
            Op::ExtractValue { aggregate, ty, indices } => {
                format!("extractvalue {ty} {} {indices:?}", o(aggregate))
            }
            Op::InsertValue { aggregate, value, value_ty, indices } => {
                format!("insertvalue {}, {value_ty} {} {indices:?}", o(aggregate), o(value))
            }
            Op::ExtractElement { vector, ty, index } => format!("extractelement {ty} {}, {}", o(vector), o(index)),
            Op::InsertElement { vector, value, index } => {
                format!("insertelement {}, {}, {}", o(vector), o(value), o(index))
            }
            Op::ShuffleVector { a, b, ty, mask } => format!("shufflevector {ty} {}, {}, {mask:?}", o(a), o(b)),
            Op::Phi { incoming } => {
                let parts = incoming.iter().map(|(block, value)| format!("b{}: {}", block.0, o(value)));
                format!("phi [{}]", list(parts))
            }
            Op::Call { callee, signature, args, unwind } => {
                let callee = match callee {
                    Callee::Symbol(symbol) => self.symbol(symbol.0, 0),
                    Callee::Value(value) => o(value),
                    Callee::Intrinsic(name) => name.to_string(),
                    Callee::Assembly { template, constraints, flags } => {
                        format!("asm {template:?} {constraints:?} {flags}")
                    }
                };
                let args = list(args.iter().map(o));
                let unwind = unwind.map_or_else(String::new, |(to, pad)| format!(" to b{} unwind b{}", to.0, pad.0));
                format!("call {callee}({args}) {}{unwind}", self.signature(signature))
            }
            Op::AtomicRmw { op, pointer, value, ordering } => {
                format!("atomicrmw {op:?} {}, {} {ordering:?}", o(pointer), o(value))
            }
            Op::CmpXchg { pointer, expected, new, value_ty } => {
                format!("cmpxchg {value_ty} {}, {}, {}", o(pointer), o(expected), o(new))
            }
            Op::Fence { ordering } => format!("fence {ordering:?}"),
            Op::LandingPad { cleanup, clauses } => {
                let clauses = clauses.iter().map(|clause| match clause {
                    Clause::CatchAll => "catch".to_owned(),
                    Clause::FilterAll => "filter".to_owned(),
                    Clause::Other(what) => format!("other({what})"),
                });
                format!("landingpad{} [{}]", if *cleanup { " cleanup" } else { "" }, list(clauses))
            }
            Op::Resume { value } => format!("resume {}", o(value)),
            Op::Br { target } => format!("br b{}", target.0),
            Op::CondBr { condition, on_true, on_false } => {
                format!("br {}, b{}, b{}", o(condition), on_true.0, on_false.0)
            }
            Op::Switch { value, ty, default, cases } => {
                let cases = cases.iter().map(|(case, block)| format!("{}: b{}", hex(case), block.0));
                format!("switch {ty} {} [{}] else b{}", o(value), list(cases), default.0)
            }
            Op::Ret { value } => value.as_ref().map_or_else(|| "ret".to_owned(), |value| format!("ret {}", o(value))),
            Op::Unreachable => "unreachable".to_owned(),
            Op::Freeze { value } => format!("freeze {}", o(value)),
            Op::Unsupported { what } => format!("unsupported({what})"),
        }
    }
}

/// Names every construct without a decoded form in a body, for reports.
pub fn unsupported(function: &Function) -> Vec<String> {
    fn constant(constant_: &Constant, found: &mut Vec<String>) {
        match constant_ {
            Constant::Unsupported(_, what) => found.push(what.clone()),
            Constant::Aggregate(_, parts) => parts.iter().for_each(|part| constant(part, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for instruction in function.blocks.iter().flat_map(|block| &block.instructions) {
        if let Op::Unsupported { what } = &instruction.op {
            found.push(what.clone());
        }
        other_type(&instruction.ty, &mut found);
        instruction.op.operands(|operand| {
            if let Operand::Constant(value) = operand {
                constant(value, &mut found);
            }
        });
    }
    found
}

fn other_type(ty: &TypeRef, found: &mut Vec<String>) {
    if let Type::Other(text) = &**ty {
        found.push(format!("type {text}"));
    }
}
