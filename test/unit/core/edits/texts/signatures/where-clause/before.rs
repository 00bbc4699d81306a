fn call<T>(x: T) -> T {
    x
}
