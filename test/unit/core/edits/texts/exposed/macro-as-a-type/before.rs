fn all() -> hidden!() {
    work(1)
}
