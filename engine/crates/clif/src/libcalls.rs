//! What Cranelift's code calls by itself, for the operations that x86-64 has no instruction for.

/// Address of the library function with this C name.
pub fn address(name: &str) -> Option<usize> {
    Some(match name {
        "ceilf" => ceilf as *const () as usize,
        "ceil" => ceil as *const () as usize,
        "floorf" => floorf as *const () as usize,
        "floor" => floor as *const () as usize,
        "truncf" => truncf as *const () as usize,
        "trunc" => trunc as *const () as usize,
        "rintf" => rintf as *const () as usize,
        "rint" => rint as *const () as usize,
        "fmaf" => fmaf as *const () as usize,
        "fma" => fma as *const () as usize,
        "memcpy" => libc::memcpy as *const () as usize,
        "memmove" => libc::memmove as *const () as usize,
        "memset" => libc::memset as *const () as usize,
        "memcmp" => libc::memcmp as *const () as usize,
        _ => return None,
    })
}

extern "C" fn ceilf(x: f32) -> f32 {
    x.ceil()
}

extern "C" fn ceil(x: f64) -> f64 {
    x.ceil()
}

extern "C" fn floorf(x: f32) -> f32 {
    x.floor()
}

extern "C" fn floor(x: f64) -> f64 {
    x.floor()
}

extern "C" fn truncf(x: f32) -> f32 {
    x.trunc()
}

extern "C" fn trunc(x: f64) -> f64 {
    x.trunc()
}

extern "C" fn rintf(x: f32) -> f32 {
    x.round_ties_even()
}

extern "C" fn rint(x: f64) -> f64 {
    x.round_ties_even()
}

extern "C" fn fmaf(x: f32, y: f32, z: f32) -> f32 {
    x.mul_add(y, z)
}

extern "C" fn fma(x: f64, y: f64, z: f64) -> f64 {
    x.mul_add(y, z)
}
