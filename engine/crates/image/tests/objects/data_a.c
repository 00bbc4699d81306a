#include <math.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
extern int base_value, base_zeros[100], base_answer(int), base_calls(int (*)(int));
extern const char *const base_text;

struct node { const char *name; struct node *next; int (*act)(int); long value; };
extern struct node other, *const to_other;
extern int shared(int), *inside(void);
extern unsigned char zeros[70000];
extern const long constants[4];
extern int (*const functions[3])(int);

static int twice(int x) { return 2 * x; }
int here(int x) { return x - 1; }
static struct node own = {"own", &other, twice, 11};
struct node first = {"first", &own, here, 12};
static int counter;
static const char *words[] = {"zero", "one" + 1, "two"};
int array[5] = {1, 2, 3, 4, 5};
int *third = &array[2], *behind = array + 5;
char aligned[3] __attribute__((aligned(256))) = {1, 2, 3};
static char strict[8] __attribute__((aligned(8192)));
/* Addresses of others' things, in writable and in constant data. */
static const void *const outside[] = {base_zeros + 7, &base_value, strlen, base_answer, &other, twice};

static void list(const struct node *node) {
    for (int steps = 0; node && steps < 5; node = node->next, steps++)
        printf("%s %ld %d\n", node->name, node->value, node->act(100));
}

int main(void) {
    list(&first);
    printf("%d %d %d %d\n", shared(3), *inside(), to_other == &other, to_other->next == &first);
    counter += 5;
    printf("%d %s %s %s\n", counter, words[0], words[1], words[2]);
    printf("%d %d %td %td\n", *third, behind[-1], behind - array, inside() - array);
    printf("%d %d %d\n", (int)((uintptr_t)aligned % 256), (int)((uintptr_t)strict % 8192), aligned[1]);
    base_value += base_answer(1);
    base_zeros[7] = 4;
    printf("%d %d %d %s\n", base_value, *(int *)outside[0], base_calls(twice), base_text);
    printf("%d %d %d %d\n", outside[1] == &base_value, outside[2] == (void *)strlen, outside[4] == &other, outside[5] == (void *)own.act);
    printf("%d\n", ((int (*)(int))outside[3])(1));
    zeros[69999] = 8;
    unsigned long sum = 0;
    for (int i = 0; i < 70000; i++) sum += zeros[i];
    printf("%lu %ld %ld\n", sum, constants[0] + constants[3], constants[1]);
    for (int i = 0; i < 3; i++) printf("%d ", functions[i](7));
    printf("%g %zu\n", cos(0.0), strlen(words[2]));
    return 3 - 3;
}
