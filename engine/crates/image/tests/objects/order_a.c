#include <stdio.h>
#define AT_START(name, ...) __attribute__((constructor __VA_ARGS__, used)) static void name(void) { puts("a: " #name); }
#define AT_EXIT(name, ...) __attribute__((destructor __VA_ARGS__, used)) static void name(void) { puts("a: " #name); }
AT_START(plain)
AT_START(late, (60000))
AT_START(early, (200))
AT_START(second)
AT_START(earlier, (150))
AT_EXIT(exit_plain)
AT_EXIT(exit_early, (200))
AT_EXIT(exit_late, (3000))
int main(void) { puts("main"); return 0; }
