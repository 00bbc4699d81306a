//! Bit patterns of integer and floating constants of any width.

use smallvec::{SmallVec, smallvec};

use crate::context::{Context, take_message};
use crate::ffi::{ValueRef, type_kind};

/// Little-endian words, unused high bits zero.
pub(crate) type Words = SmallVec<[u64; 1]>;

/// The bits of a `ConstantInt` that is `bits` wide.
pub(crate) fn int_words(cx: &Context, value: ValueRef, bits: u32) -> Words {
    let api = cx.api();
    if bits <= 64 {
        return smallvec![api.LLVMConstIntGetZExtValue(value)];
    }
    wide_words(cx, value, bits)
}

/// The C API reads 64 bits at most. Constants are unique in their context, so the common cases — a small number, or a
/// small negative one — are recognised by building them again; the rest is read from LLVM's decimal spelling.
fn wide_words(cx: &Context, value: ValueRef, bits: u32) -> Words {
    let api = cx.api();
    let ty = api.LLVMTypeOf(value);
    let low = api.LLVMConstIntGetZExtValue(api.LLVMConstTrunc(value, api.LLVMIntTypeInContext(cx.context, 64)));
    let count = bits.div_ceil(64);
    for fill in [0, u64::MAX] {
        let mut words: Words = smallvec![fill; count as usize];
        words[0] = low;
        if api.LLVMConstIntOfArbitraryPrecision(ty, count, words.as_ptr()) == value {
            truncate(&mut words, bits);
            return words;
        }
    }
    let text = take_message(api, api.LLVMPrintValueToString(value));
    let digits = text.rsplit(' ').next().unwrap_or("");
    parse_decimal(digits, bits)
}

/// Parses a decimal number with an optional sign into two's complement of `bits` bits.
fn parse_decimal(text: &str, bits: u32) -> Words {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let mut words: Words = smallvec![0; bits.div_ceil(64) as usize];
    for digit in digits.bytes() {
        let mut carry = u128::from(digit - b'0');
        for word in &mut words {
            let product = u128::from(*word) * 10 + carry;
            *word = product as u64;
            carry = product >> 64;
        }
    }
    if negative {
        let mut carry = true;
        for word in &mut words {
            (*word, carry) = (!*word).overflowing_add(u64::from(carry));
        }
    }
    truncate(&mut words, bits);
    words
}

/// Clears what lies above `bits`.
fn truncate(words: &mut Words, bits: u32) {
    if let (Some(last), rest @ 1..) = (words.last_mut(), bits % 64) {
        *last &= (1 << rest) - 1;
    }
}

/// The bits of a `ConstantFP`; `None` for formats that have no decoded form. A bit cast to an integer is folded by LLVM
/// and keeps not-a-number payloads, which a conversion to the host's `double` might not.
pub(crate) fn float_words(cx: &Context, value: ValueRef) -> Option<Words> {
    let api = cx.api();
    let bits = match api.LLVMGetTypeKind(api.LLVMTypeOf(value)) {
        type_kind::HALF => 16,
        type_kind::FLOAT => 32,
        type_kind::DOUBLE => 64,
        type_kind::QUAD => 128,
        _ => return None,
    };
    let integer = api.LLVMConstBitCast(value, api.LLVMIntTypeInContext(cx.context, bits));
    Some(int_words(cx, integer, bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers_of_any_width() {
        let words = |value: i128| -> Words { smallvec![value as u64, (value >> 64) as u64] };
        for value in [0, 1, -1, i128::MAX, i128::MIN, 1 << 64, -(1 << 64), 0x1234_5678_9abc_def0_1122_3344_5566_7788] {
            assert_eq!(parse_decimal(&value.to_string(), 128), words(value));
        }
        let narrow: Words = smallvec![u64::MAX, 0xffff];
        assert_eq!(parse_decimal("-1", 80), narrow);
    }
}
