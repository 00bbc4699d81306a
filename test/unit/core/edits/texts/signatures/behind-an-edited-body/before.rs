fn first() {
    println!("{}", second(1));
}

fn second(n: u8) -> u8 {
    n
}
