struct

fn call() -> u8 {
    1
}
