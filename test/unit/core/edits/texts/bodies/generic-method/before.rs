struct Pair<T>(T, T);

impl<T: Copy + std::fmt::Debug> Pair<T>
where
    T: Send,
{
    fn first(&self) -> T {
        self.0
    }
}
