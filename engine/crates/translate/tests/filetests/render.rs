//! What becomes of a unit's functions, as text.

use std::collections::HashMap;

use cranefly_bitcode::Reader;
use cranefly_bitcode::ir::{Function, GlobalId};
use cranefly_translate::{RUNTIME, Translated, VARIADIC, translate};
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{self as clif, ExternalName, GlobalValueData, UserExternalNameRef, UserFuncName};
use cranelift_codegen::isa::{self, OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, verify_function};
use cranelift_frontend::FunctionBuilderContext;

/// Every function of a unit by name, in its order, with Cranelift's text of it or the reason why it has none.
///
/// The error is about a function that Cranelift's verifier or code generator rejects.
pub fn functions<'a>(unit: &Reader, features: impl Iterator<Item = &'a str>) -> Result<Vec<(String, String)>, String> {
    let isa = target(features)?;
    let mut builder = FunctionBuilderContext::new();
    let mut out = Vec::new();
    for id in unit.functions() {
        let name = name_of(unit, id);
        let body = unit.function(id).map_err(|error| error.to_string())?;
        let mut function = clif::Function::new();
        let text = match translate(&body, &*isa, &mut function, &mut builder) {
            Ok(translated) => {
                function.name = UserFuncName::testcase(&name);
                let text = named(&function, unit, &body, &translated);
                compile(function, &*isa).map_err(|error| format!("{name}: {error}\n{text}"))?;
                text
            }
            Err(unsupported) => unsupported.to_string(),
        };
        out.push((name, text));
    }
    Ok(out)
}

fn name_of(unit: &Reader, id: GlobalId) -> String {
    unit.module().globals[id.0 as usize].name.to_string()
}

/// What the code generator compiles for, as far as it shapes translation and what the verifier allows.
fn target<'a>(features: impl Iterator<Item = &'a str>) -> Result<OwnedTargetIsa, String> {
    let mut flags = settings::builder();
    for name in ["is_pic", "preserve_frame_pointers", "enable_llvm_abi_extensions"] {
        flags.enable(name).map_err(|error| error.to_string())?;
    }
    flags.set("tls_model", "elf_gd").map_err(|error| error.to_string())?;
    let mut builder = isa::lookup_by_name("x86_64-unknown-linux-gnu").map_err(|error| error.to_string())?;
    for feature in features {
        builder.enable(feature).map_err(|error| format!("{feature}: {error}"))?;
    }
    builder.finish(settings::Flags::new(flags)).map_err(|error| error.to_string())
}

/// A translation is worth nothing that Cranelift does not take.
fn compile(function: clif::Function, isa: &dyn TargetIsa) -> Result<(), String> {
    verify_function(&function, isa).map_err(|errors| errors.to_string())?;
    let mut context = Context::for_function(function);
    context.compile(isa, &mut ControlPlane::default()).map(|_| ()).map_err(|error| error.inner.to_string())
}

/// Says behind every external name what it stands for.
fn named(function: &clif::Function, unit: &Reader, body: &Function, translated: &Translated) -> String {
    let meaning = |reference: UserExternalNameRef| {
        let name = &function.params.user_named_funcs()[reference];
        let index = name.index as usize;
        match name.namespace {
            RUNTIME => format!("{name} is {} of the run-time library", translated.runtime[index]),
            VARIADIC => format!("{name} is @{}, variadic", name_of(unit, body.symbols[index].global)),
            _ => format!("{name} is @{}", name_of(unit, body.symbols[index].global)),
        }
    };
    let functions = function.dfg.ext_funcs.iter().map(|(entity, data)| (entity.to_string(), &data.name));
    let globals = function.global_values.iter().filter_map(|(entity, data)| match data {
        GlobalValueData::Symbol { name, .. } => Some((entity.to_string(), name)),
        _ => None,
    });
    let meanings: HashMap<String, String> = functions
        .chain(globals)
        .filter_map(|(entity, name)| match name {
            ExternalName::User(reference) => Some((entity, meaning(*reference))),
            _ => None,
        })
        .collect();
    let line = |line: &str| {
        let defined = line.trim_start().split_once(" = ").and_then(|(entity, _)| meanings.get(entity));
        defined.map_or_else(|| format!("{}\n", line.trim_end()), |meaning| format!("{} ; {meaning}\n", line.trim_end()))
    };
    function.display().to_string().lines().map(line).collect()
}
