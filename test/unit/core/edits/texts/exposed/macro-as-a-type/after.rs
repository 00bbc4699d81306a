fn all() -> hidden!() {
    work(2)
}
