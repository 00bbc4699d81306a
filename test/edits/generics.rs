//! What a crate hands on to others, such as generic functions, is compiled with its public twin: that must mean what the crate means.
use std::fmt::Debug;

mod names {
    pub struct Names(pub Vec<&'static str>);
    impl std::ops::Deref for Names {
        type Target = Vec<&'static str>;
        fn deref(&self) -> &Self::Target {
            &self.0
        }
    }
    impl Names {
        const fn len(&self) -> usize {
            1000
        }
        pub const fn own(&self) -> usize {
            self.len()
        }
    }
}
fn length_of<T: Debug>(names: &names::Names, value: T) -> String {
    format!("{} {value:?}", names.len())
}
fn generic() -> String {
    format!("generic 0 {}", length_of(&names::Names(vec!["a"]), 1u8))
}

fn main() {
    println!("{} {}", generic(), names::Names(vec![]).own());
}

//~ overlay (a name that privacy gives another meaning): `generic 0` => `generic 1`
//~ overlay (a name that privacy gives another meaning): `(vec!["a"]), 1u8)` => `(vec!["a"]), 1u16)`
