//! Names of functions as people know them.

/// The name that all instances of a generic function share: every list of type arguments is `<_>`.
///
/// `<alloc::vec::Vec<u8>>::push` and `alloc::vec::Vec<T,A>::push` (the two manglings' ways to write it) are both
/// `alloc::vec::Vec<_>::push`; `<Vec<u8> as Drop>::drop` is `<Vec<_> as Drop>::drop`.
pub fn family(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    simplify(name, &mut out);
    out
}

/// Appends `name`, simplified.
fn simplify(name: &str, out: &mut String) {
    let mut rest = name;
    while let Some(at) = rest.find('<') {
        // A bracket that follows a name holds its arguments; any other one holds a type that methods are of.
        let before = rest[..at].strip_suffix("::").unwrap_or(&rest[..at]);
        let Some(end) = closing(&rest[at..]).map(|end| at + end) else { break };
        let inside = &rest[at + 1..end];
        let named = before.ends_with(|char: char| char.is_alphanumeric() || char == '_');
        let arguments = named && !inside.starts_with("impl ");
        out.push_str(if arguments { before } else { &rest[..at] });
        if arguments {
            out.push_str("<_>");
        } else if is_path(inside) {
            simplify(inside, out);
        } else {
            out.push('<');
            simplify(inside, out);
            out.push('>');
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
}

/// Whether `<inside>::method` can be written without the brackets.
fn is_path(inside: &str) -> bool {
    let mut depth = 0_i32;
    let mut plain = !inside.starts_with("dyn ") && !inside.starts_with("impl ");
    for char in inside.chars() {
        match char {
            '<' => depth += 1,
            '>' => depth -= 1,
            ' ' | '&' | '*' | '[' | '(' | '!' if depth == 0 => plain = false,
            _ => {}
        }
    }
    plain
}

/// Index of the bracket that closes the one at the start.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut previous = ' ';
    for (index, char) in text.char_indices() {
        match char {
            '<' => depth += 1,
            // The arrow of a function type is no bracket.
            '>' if previous != '-' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(index);
        }
        previous = char;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_share_a_family() {
        for (name, expected) in [
            ("<alloc::vec::Vec<u8>>::push", "alloc::vec::Vec<_>::push"),
            ("alloc::vec::Vec<T,A>::push", "alloc::vec::Vec<_>::push"),
            (
                "<alloc::vec::Vec<u8> as core::ops::drop::Drop>::drop",
                "<alloc::vec::Vec<_> as core::ops::drop::Drop>::drop",
            ),
            ("core::ptr::drop_in_place::<alloc::string::String>", "core::ptr::drop_in_place<_>"),
            ("core::ptr::drop_in_place<alloc::string::String>", "core::ptr::drop_in_place<_>"),
            ("core::ops::function::FnOnce::call_once<fn(u8) -> u8>", "core::ops::function::FnOnce::call_once<_>"),
            ("<&T as core::fmt::Debug>::fmt", "<&T as core::fmt::Debug>::fmt"),
            ("main::largest::<i32>::{closure#0}", "main::largest<_>::{closure#0}"),
            ("<[T]>::len", "<[T]>::len"),
            (
                "core::fmt::num::<impl core::fmt::Debug for u32>::fmt",
                "core::fmt::num::<impl core::fmt::Debug for u32>::fmt",
            ),
            ("main", "main"),
            ("broken<", "broken<"),
        ] {
            assert_eq!(family(name), expected);
        }
    }
}
