#include <stdio.h>
__attribute__((weak)) int both_weak(void) { return 11; }
int strong_there(void) { return 12; }
int weak_value = 14;
__attribute__((weak)) int value_of_both[2] = {15, 16};
__attribute__((weak)) int strong_here(void) { return 17; }
extern int only_here(void);
int there(void) {
    printf("%d %d %d %d %d %d\n", both_weak(), strong_there(), only_here(), strong_here(), weak_value, value_of_both[1]);
    return 0;
}
