trait A: Sync {
    fn call(&self);
}
