#include <stdio.h>
int first(void);
int last(void);
int main(void) {
    printf("%d %d\n", first(), last());
    return 0;
}
