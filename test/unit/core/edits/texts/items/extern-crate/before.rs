extern crate one;
