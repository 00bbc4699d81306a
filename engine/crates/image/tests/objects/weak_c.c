__attribute__((weak)) int both_weak(void) { return 21; }
__attribute__((weak)) int only_here(void) { return 23; }
