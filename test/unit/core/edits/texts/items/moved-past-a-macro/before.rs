fn call() -> u8 { 1 }
macro_rules! one { () => { 1 } }
fn other() {}
