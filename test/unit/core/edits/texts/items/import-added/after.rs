use std::fmt;

fn call() -> u8 {
    1
}
