/* Several functions and variables a section: what lies beside what must stay there. */
#include <stdio.h>
int numbers[3] = {1, 2, 3};
char letter = 'x';
long after = 77;
static const char quiet[] = "quiet";
int add(int x) { return x + numbers[1]; }
int multiply(int x) { return add(x) * numbers[2]; }
const char *text(void) { return quiet + after - 77; }
int main(void) {
    printf("%d %s %c\n", multiply(4), text(), letter);
    return 0;
}
