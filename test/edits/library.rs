//! A library's twin has the library's identity: its types are the ones that the program knows.
use programs::library::{Cat, is_cat, kind, make};

fn main() {
    println!("{} {} {}", is_cat(&*make()), make().is::<Cat>(), kind(&Cat(1)));
}

//~ library
use std::any::Any;

pub struct Cat(pub u32);
pub fn make() -> Box<dyn Any> {
    Box::new(Cat(7))
}
pub fn is_cat(animal: &dyn Any) -> String {
    format!("cat 0: {:?}", animal.downcast_ref::<Cat>().map(|cat| cat.0))
}
pub fn kind(value: &Cat) -> String {
    format!("kind 0 {}", value.0)
}

//~ patch: `cat 0` => `cat 1`
//~ patch: `Box::new(Cat(7))` => `Box::new(Cat(8))`
//~ overlay (the identity of a type, which only the crate itself has): `format!("kind 0 {}", value.0)` => `format!("kind 1 {}", (value as &dyn Any).is::<[Cat; 3]>())`
