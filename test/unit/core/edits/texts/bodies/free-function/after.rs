pub fn add(x: u32) -> u32 {
    // Adds.
    let add = |y: u32| y + 1;
    add(x) + 2
}
