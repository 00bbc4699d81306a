static void at_start(void) {}
__attribute__((section(".ctors"), used)) static void (*const entry)(void) = at_start;
int main(void) { return 0; }
