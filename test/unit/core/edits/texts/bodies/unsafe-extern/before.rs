pub unsafe extern "C" fn call(n: *const i32) -> i32 {
    unsafe { *n + 100 }
}
