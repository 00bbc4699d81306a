#!/usr/bin/env rustc
fn call() -> u8 {
    1
}
