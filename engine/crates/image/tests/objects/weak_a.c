#include <stdio.h>
/* Defined here weakly, and in the other object: weakly, strongly, not at all. */
__attribute__((weak)) int both_weak(void) { return 1; }
__attribute__((weak)) int strong_there(void) { return 2; }
__attribute__((weak)) int only_here(void) { return 3; }
__attribute__((weak)) int weak_value = 4;
__attribute__((weak)) int value_of_both[2] = {5, 6};
int strong_here(void) { return 7; }
/* Nobody has these; the base has that one. */
extern __attribute__((weak)) int nowhere(void), nothing[3];
extern __attribute__((weak)) int base_answer(int);
extern int there(void);
static int (*const pointers[])(void) = {both_weak, strong_there, only_here, nowhere};
int main(void) {
    printf("%d %d %d %d\n", both_weak(), strong_there(), only_here(), strong_here());
    printf("%d %d %d\n", weak_value, value_of_both[0], value_of_both[1]);
    printf("%d %d %d\n", nowhere == 0, nothing == 0, base_answer ? base_answer(1) : -1);
    printf("%d %d %d %d\n", pointers[0](), pointers[1](), pointers[2](), pointers[3] == 0);
    return there();
}
