trait A {
    type Item;
}
