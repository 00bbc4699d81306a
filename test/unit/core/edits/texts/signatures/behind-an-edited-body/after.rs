fn first() {
    println!("{}", third(1));
}

fn third(n: u8) -> u8 {
    n
}
