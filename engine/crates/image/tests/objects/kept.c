/* Refers to what is edited, and is not edited. */
#include <stdio.h>
extern int work(int), numbers[];
extern const char *text;
extern __thread long local;
extern long __start_members[], __stop_members[];
static int (*const pointer)(int) = work;
static int *const second = &numbers[1];
int main(void) {
    printf("%d %d %d %s %ld\n", work(1), pointer(2), *second, text, local);
    long sum = 0;
    for (long *member = __start_members; member < __stop_members; member++) sum = sum * 3 + *member;
    printf("%td %ld\n", __stop_members - __start_members, sum);
    return 0;
}
