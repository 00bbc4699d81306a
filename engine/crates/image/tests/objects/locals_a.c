#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
extern __thread int base_local;
extern __thread long theirs[3];
extern long *their_hidden(void);
__thread int mine = 41;
static __thread char zeros[300];
__thread char strict[4] __attribute__((aligned(64))) = {7};
/* Local to each object. */
static __thread int hidden = 1;

static int show(const char *who) {
    mine++;
    hidden += 2;
    zeros[299]++;
    theirs[1] += 10;
    base_local--;
    ++*their_hidden();
    printf("%s: %d %d %d %ld %ld %ld %d %ld %d %d\n", who, mine, hidden, zeros[299], theirs[0], theirs[1], theirs[2], base_local,
           *their_hidden(), strict[0], (int)((uintptr_t)strict % 64));
    return 0;
}

static void *thread(void *argument) {
    show(argument);
    show(argument);
    return &mine;
}

int main(void) {
    show("main");
    pthread_t other;
    void *theirs_is_at;
    pthread_create(&other, 0, thread, "thread");
    pthread_join(other, &theirs_is_at);
    show("main again");
    printf("%d\n", theirs_is_at == (void *)&mine);
    return 0;
}
