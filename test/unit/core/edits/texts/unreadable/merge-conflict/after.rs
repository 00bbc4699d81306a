fn call() -> u8 {
<<<<<<< HEAD
    1
=======
    2
>>>>>>> other
}
