extern crate two;
