#!/usr/bin/env cargo
fn call() -> u8 {
    1
}
