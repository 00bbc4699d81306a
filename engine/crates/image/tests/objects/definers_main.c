/* Refers to what `definer.c` defines. */
#include <stdio.h>
extern int function(void), value, *pointers[];
static int (*const pointer)(void) = function;
int main(void) {
    printf("%d %d %d %d\n", function(), pointer(), value, *pointers[0]);
    return 0;
}
