//! The identity of a type is the crate's that defines it, and whether that is a program: a patch must not hold another one.
use std::any::{Any, TypeId, type_name, type_name_of_val};
use std::collections::HashMap;
use std::error::Error;
use std::fmt;

struct Cat(u32);
struct Dog;

#[derive(Debug)]
enum Problem {
    Odd(u32),
}
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
impl Error for Problem {}

fn make() -> Box<dyn Any> {
    Box::new(Cat(7))
}
fn is_cat(animal: &dyn Any) -> String {
    format!("cat 0: {:?} {}", animal.downcast_ref::<Cat>().map(|cat| cat.0), animal.is::<Dog>())
}
fn remade() -> String {
    let animal: Box<dyn Any> = if std::hint::black_box(true) { Box::new(Cat(1)) } else { Box::new(Dog) };
    is_cat(&*animal)
}

/// As anyhow has it: what an error wraps is found by its type.
struct Context {
    message: String,
    inner: Box<dyn Error>,
}
impl Context {
    fn find<E: Error + 'static>(&self) -> Option<&E> {
        self.inner.downcast_ref()
    }
}
trait WithContext<T> {
    fn with_context(self, message: impl FnOnce() -> String) -> Result<T, Context>;
}
impl<T, E: Error + 'static> WithContext<T> for Result<T, E> {
    fn with_context(self, message: impl FnOnce() -> String) -> Result<T, Context> {
        self.map_err(|error| Context { message: message(), inner: Box::new(error) })
    }
}
fn read(n: u32) -> Result<u32, Context> {
    if n % 2 == 0 { Ok(n) } else { Err(Problem::Odd(n)).with_context(|| format!("reading 0 {n}")) }
}
fn told(error: &Context) -> String {
    match error.find::<Problem>() {
        Some(Problem::Odd(n)) => format!("odd {n} {}", error.message),
        None => format!("something else {}", error.message),
    }
}
fn boxed() -> Box<dyn Error> {
    Box::new(Problem::Odd(3))
}
fn is_problem(error: &(dyn Error + 'static)) -> String {
    format!("problem 0 {} {}", error.is::<Problem>(), error.is::<fmt::Error>())
}

#[derive(Default)]
struct Types(HashMap<TypeId, Box<dyn Any>>);
impl Types {
    fn set<T: 'static>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), Box::new(value));
    }
    fn get<T: 'static>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }
}
fn filled() -> Types {
    let mut types = Types::default();
    types.set(Cat(5));
    types.set(0u8);
    types
}
fn looked_up(types: &Types) -> String {
    format!("types 0 {:?} {:?}", types.get::<Cat>().map(|cat| cat.0), types.get::<u8>())
}
const CAT: TypeId = TypeId::of::<Cat>();
fn constant() -> String {
    format!("constant 0 {}", CAT == make().as_ref().type_id())
}

/// The type of a function has an identity, too.
fn key<F: 'static>(_: &F) -> TypeId {
    TypeId::of::<F>()
}
fn system() -> u32 {
    std::hint::black_box(0)
}
fn registered() -> TypeId {
    key(&system)
}
fn order() -> String {
    format!("order 0 {}", registered() == key(&system))
}
struct Named;
impl Named {
    fn name(&self) -> String {
        let inner = || 1;
        format!("name 0 {} {}", type_name_of_val(&inner), type_name::<Cat>())
    }
    fn plain(&self) -> &'static str {
        "plain 0"
    }
}
fn wide() -> u128 {
    0x1234_5678_9abc_def0_1234_5678_9abc_def0
}

fn main() {
    println!("{}", is_cat(&*make()));
    println!("{}", remade());
    println!("{}", told(&read(3).err().unwrap()));
    println!("{}", is_problem(&*boxed()));
    println!("{}", looked_up(&filled()));
    println!("{} {}", constant(), order());
    println!("{} {} {} {:x}", system(), Named.name(), Named.plain(), wide());
}

//~ overlay (the identity of a type, which only the crate itself has): `cat 0` => `cat 1`
//~ overlay (the identity of a type, which only the crate itself has): `Cat(1)` => `Cat(2)`
//~ overlay (the identity of a type, which only the crate itself has): `Box::new(Cat(7))` => `Box::new(Cat(8))`
//~ overlay (the identity of a type, which only the crate itself has): `reading 0` => `reading 1`
//~ overlay (the identity of a type, which only the crate itself has): `odd {n}` => `odd: {n}`
//~ overlay (the identity of a type, which only the crate itself has): `Problem::Odd(3)` => `Problem::Odd(5)`
//~ overlay (the identity of a type, which only the crate itself has): `problem 0` => `problem 1`
//~ overlay (the identity of a type, which only the crate itself has): `types.set(0u8)` => `types.set(1u8)`
//~ overlay (the identity of a type, which only the crate itself has): `types 0` => `types 1`
//~ overlay (the identity of a type, which only the crate itself has): `constant 0` => `constant 1`
//~ patch: `black_box(0)` => `black_box(1)`
//~ overlay (the identity of a type, which only the crate itself has): `order 0` => `order 1`
//~ overlay (the name of a type that is made in the edited function): `name 0` => `name 1`
//~ patch: `plain 0` => `plain 1`
//~ patch: `0x1234_5678` => `0x1234_5679`
//~ patch: `write!(f, "{self:?}")` => `write!(f, "<{self:?}>")`
