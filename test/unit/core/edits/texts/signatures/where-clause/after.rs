fn call<T>(x: T) -> T
where
    T: Copy,
{
    x
}
