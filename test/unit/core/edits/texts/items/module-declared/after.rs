mod one;
mod two;
