fn largest<T: PartialOrd + Copy, const N: usize>(all: [T; N]) -> T {
    all[N - 1]
}
