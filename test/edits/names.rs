//! What a name stands for is decided by what is private: a patch must not find what the crate passes over.
mod names {
    pub struct Names(pub Vec<&'static str>);
    impl std::ops::Deref for Names {
        type Target = Vec<&'static str>;
        fn deref(&self) -> &Self::Target {
            &self.0
        }
    }
    impl Names {
        fn len(&self) -> usize {
            1000
        }
        pub fn own(&self) -> usize {
            self.len() + 0
        }
    }
}
fn length(names: &names::Names) -> String {
    format!("length 0 {}", names.len())
}

mod fields {
    pub struct Inner {
        pub size: u32,
        pub inner_only: u32,
    }
    pub struct Outer {
        size: u32,
        inner: Inner,
    }
    impl Inner {
        pub fn size(&self) -> u32 {
            4
        }
    }
    impl Outer {
        pub fn new() -> Self {
            Outer { size: 1000, inner: Inner { size: 2, inner_only: 3 } }
        }
        pub fn own(&self) -> u32 {
            self.size + 0
        }
    }
    impl std::ops::Deref for Outer {
        type Target = Inner;
        fn deref(&self) -> &Inner {
            &self.inner
        }
    }
}
fn field(outer: &fields::Outer) -> String {
    format!("field 0 {} {}", outer.size, outer.inner_only)
}

mod left {
    fn helper() -> &'static str {
        "left"
    }
    pub fn left_only() -> &'static str {
        helper()
    }
    trait Loud {
        fn text(&self) -> String;
    }
    impl Loud for u8 {
        fn text(&self) -> String {
            "loud".into()
        }
    }
    pub fn loud() -> String {
        Loud::text(&1u8)
    }
    trait Measured {
        fn size(&self) -> u32;
    }
    impl Measured for crate::fields::Outer {
        fn size(&self) -> u32 {
            2000
        }
    }
    pub fn measured() -> u32 {
        Measured::size(&crate::fields::Outer::new())
    }
    fn drop<T>(_: T) -> &'static str {
        "left's"
    }
    pub fn dropped() -> &'static str {
        drop(1)
    }
    mod alloc_like {
        pub fn name() -> &'static str {
            "left's module"
        }
    }
    pub fn module() -> &'static str {
        alloc_like::name()
    }
}
mod right {
    pub fn helper() -> &'static str {
        "right"
    }
    pub trait Quiet {
        fn text(&self) -> String {
            "quiet".into()
        }
    }
    impl Quiet for u8 {}
}
mod globs {
    use super::left::*;
    use super::right::*;

    pub fn called() -> String {
        format!("called 0 {} {} {:?}", helper(), left_only(), drop(1))
    }
    pub fn spoken() -> String {
        format!("spoken 0 {} {}", 1u8.text(), loud())
    }
    pub fn sized() -> String {
        format!("sized 0 {} {}", crate::fields::Outer::new().size(), measured())
    }
    pub fn others() -> String {
        format!("others 0 {} {}", dropped(), module())
    }
}

mod constants {
    pub trait Limited {
        const LIMIT: u32 = 2;
        fn limit() -> u32 {
            3
        }
    }
    pub struct Bound;
    impl Limited for Bound {}
    impl Bound {
        const LIMIT: u32 = 1000;
        fn limit() -> u32 {
            Self::LIMIT + 0
        }
        pub fn own() -> u32 {
            Self::limit()
        }
    }
}
fn limits() -> String {
    use constants::{Bound, Limited};
    format!("limits 0 {} {}", Bound::LIMIT, Bound::limit())
}

mod outer {
    pub mod inner {
        pub(super) fn shared() -> u32 {
            1
        }
        pub(in crate::outer) struct Point {
            pub(super) x: u32,
            y: u32,
        }
        impl Point {
            pub(super) fn new() -> Self {
                Point { x: 1, y: 2 }
            }
            pub(super) fn sum(&self) -> u32 {
                self.x + self.y + 0
            }
        }
        pub mod deeper {
            pub fn below() -> u32 {
                super::Point { x: 3, ..super::Point::new() }.y + 0
            }
        }
    }
    pub fn used() -> u32 {
        let point = inner::Point::new();
        inner::shared() + point.x + point.sum() + 10
    }
}

fn main() {
    let two = names::Names(vec!["a", "b"]);
    println!("{} {}", length(&two), two.own());
    let outer = fields::Outer::new();
    println!("{} {}", field(&outer), outer.own());
    println!("{} {} {} {}", globs::called(), globs::spoken(), globs::sized(), globs::others());
    println!("{} {}", limits(), constants::Bound::own());
    println!("{} {}", outer::used(), outer::inner::deeper::below());
}

//~ overlay (a name that privacy gives another meaning): `length 0` => `length 1`
//~ patch: `self.len() + 0` => `self.len() + 1`
//~ overlay (a name that privacy gives another meaning): `field 0` => `field 1`
//~ patch: `self.size + 0` => `self.size + 1`
//~ overlay (a name that privacy gives another meaning): `called 0` => `called 1`
//~ overlay (multiple applicable items in scope): `spoken 0` => `spoken 1`
//~ overlay (a name that privacy gives another meaning): `sized 0` => `sized 1`
//~ patch: `others 0` => `others 1`
//~ overlay (a name that privacy gives another meaning): `limits 0` => `limits 1`
//~ patch: `Self::LIMIT + 0` => `Self::LIMIT + 1`
//~ patch: `self.x + self.y + 0` => `self.x + self.y + 1`
//~ patch: `..super::Point::new() }.y + 0` => `..super::Point::new() }.y + 1`
//~ patch: `point.sum() + 10` => `point.sum() + 11`
