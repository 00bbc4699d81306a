macro_rules! one { () => { 1 } }
fn call() -> u8 { 1 }
fn other() {}
