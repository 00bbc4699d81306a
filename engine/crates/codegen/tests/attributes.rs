//! Attributes from LLVM's own assembler, through the reader and the Cranelift tier: what is on the one list of known attributes is
//! dealt with, everything else is LLVM's.

#[path = "../../translate/tests/filetests/assemble.rs"]
mod assemble;

use std::path::Path;

use assemble::Assembler;
use cranefly_codegen::cranelift::{Compiler, Flags};

/// What is refused of the only function that `text` defines.
fn refusal(text: &str) -> Option<String> {
    let unit = Assembler::new().open(text, Path::new("attributes.ll")).expect("assembles");
    let id = unit.functions().next().expect("a definition");
    let body = unit.function(id).expect("decodes");
    let mut compiler = Compiler::new(Flags { verify: true, ..Flags::default() });
    compiler.compile(&body).err().map(|error| error.to_string())
}

/// A function with these attributes.
fn function(attributes: &str) -> Option<String> {
    refusal(&format!("define i32 @f(i32 %a) {attributes} {{\n  ret i32 %a\n}}\n"))
}

#[test]
fn known_attributes_are_dealt_with() {
    assert_eq!(function(""), None);
    assert_eq!(function("nounwind uwtable noinline noreturn memory(none) allocsize(0)"), None);
    assert_eq!(function(r#""frame-pointer"="non-leaf" "probe-stack"="inline-asm" "target-cpu"="x86-64""#), None);
    assert_eq!(function(r#""target-features"="+sse4.2,+avx2,-bmi""#), None);
    let parameters = "zeroext %a, ptr noalias nonnull align 8 dereferenceable(8) %b";
    assert_eq!(refusal(&format!("define noundef range(i8 0, 3) i8 @f(i8 {parameters}) {{\n  ret i8 %a\n}}\n")), None);
}

#[test]
fn what_only_llvm_does_is_refused_by_name() {
    for (attribute, words) in [
        ("sanitize_address", "unsupported: function attribute sanitize_address"),
        ("returns_twice", "unsupported: function attribute returns_twice"),
        ("sspstrong", "unsupported: function attribute sspstrong"),
        (r#""target-cpu"="znver4""#, "unsupported: target CPU znver4"),
        (r#""target-features"="+soft-float""#, "unsupported: target feature +soft-float"),
    ] {
        assert_eq!(function(attribute).as_deref(), Some(words));
    }
    let parameter = refusal("define i32 @f(i32 inreg %a) {\n  ret i32 %a\n}\n");
    assert_eq!(parameter.as_deref(), Some("unsupported: parameter attribute inreg"));
}

#[test]
fn what_is_on_no_list_is_refused() {
    let textual = function(r#""cranefly-has-not-heard-of-it"="1""#);
    assert_eq!(textual.as_deref(), Some("unsupported: function attribute cranefly-has-not-heard-of-it=1"));
    // LLVM's code generator acts on this one, and no list here has it.
    let enumerated = function("fn_ret_thunk_extern").expect("refused");
    assert!(enumerated.starts_with("unsupported: function attribute number "), "{enumerated}");
    let call = "declare void @g()\ndefine void @f() {\n  call void @g() \"unheard-of\"\n  ret void\n}\n";
    assert_eq!(refusal(call).as_deref(), Some("unsupported: call with function attribute unheard-of"));
    let result = refusal("define \"unheard-of\" i32 @f() {\n  ret i32 0\n}\n");
    assert_eq!(result.as_deref(), Some("unsupported: parameter attribute unheard-of"));
}
