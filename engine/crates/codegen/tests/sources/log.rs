// What a source under test tells its caller: a stream of tagged values. Shared by every source.

/// Receives one value: tag and bytes.
pub type Sink = extern "C" fn(data: *mut u8, tag: *const u8, tag_len: usize, bytes: *const u8, len: usize);

#[repr(C)]
pub struct Log {
    pub sink: Sink,
    pub data: *mut u8,
}

/// Plain values that have no padding.
pub trait Plain: Copy {
    fn canonical(self) -> Self {
        self
    }
}
macro_rules! plain { ($($t:ty)*) => { $(impl Plain for $t {})* } }
plain!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize bool char);
// Which NaN comes out is unspecified.
impl Plain for f32 {
    fn canonical(self) -> Self {
        if self.is_nan() { f32::NAN } else { self }
    }
}
impl Plain for f64 {
    fn canonical(self) -> Self {
        if self.is_nan() { f64::NAN } else { self }
    }
}

impl Log {
    #[inline(never)]
    pub fn put<T: Plain>(&mut self, tag: &str, value: T) {
        let value = value.canonical();
        (self.sink)(self.data, tag.as_ptr(), tag.len(), &raw const value as *const u8, size_of::<T>());
    }

    #[allow(dead_code)]
    pub fn option<T: Plain + Default>(&mut self, tag: &str, value: Option<T>) {
        self.put(tag, value.is_some());
        self.put(tag, value.unwrap_or_default());
    }

    #[allow(dead_code)]
    pub fn pair<T: Plain>(&mut self, tag: &str, (value, flag): (T, bool)) {
        self.put(tag, value);
        self.put(tag, flag);
    }
}
