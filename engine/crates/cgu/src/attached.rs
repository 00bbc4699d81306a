//! What later stages find out about something and keep with it, each by a type of its own.

use std::any::Any;
use std::sync::OnceLock;

/// At most one value of every type, each made once: a list that only grows, since there are few.
#[derive(Debug, Default)]
pub(crate) struct Attached(OnceLock<Box<Node>>);

#[derive(Debug)]
struct Node {
    value: Box<dyn Any + Send + Sync>,
    next: Attached,
}

impl Attached {
    /// The value of this type, made if there is none. `make` must not ask for one of the same list.
    pub(crate) fn get_or_insert_with<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> &T {
        let mut make = Some(make);
        let mut list = self;
        loop {
            let node = list.0.get_or_init(|| {
                let make = make.take().expect("what was made is of this type, and ends the search");
                Box::new(Node { value: Box::new(make()), next: Self::default() })
            });
            match node.value.downcast_ref() {
                Some(value) => return value,
                None => list = &node.next,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_value_of_its_own() {
        let attached = Attached::default();
        assert_eq!(*attached.get_or_insert_with(|| 1_u32), 1);
        assert_eq!(*attached.get_or_insert_with(|| "two"), "two");
        assert_eq!(*attached.get_or_insert_with(|| 3_u32), 1);
        assert_eq!(*attached.get_or_insert_with::<&str>(|| unreachable!("it is there")), "two");
    }
}
