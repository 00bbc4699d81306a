mod one;
