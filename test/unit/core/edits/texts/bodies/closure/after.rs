fn add(x: u32) -> u32 {
    let add = |y: u32| y + 2;
    add(x)
}
