fn largest<T: PartialOrd + Copy, const N: usize>(all: [T; N]) -> T {
    all[0]
}
