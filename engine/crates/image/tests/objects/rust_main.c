#include <stdio.h>
#include <stdint.h>
extern uint64_t from_table(size_t, uint64_t), of_names(void), changes(uint64_t), bounded(void);
extern size_t alignment(void);
struct pair { uint32_t second; uint8_t first; };
extern struct pair *FROM_RUST[2];
int from_c[4] = {1, 2, 3, 4};
int here(int x) { return x * 10; }
int main(void) {
    for (size_t index = 0; index < 4; index++) printf("%llu ", (unsigned long long)from_table(index, 7));
    printf("%llu %zu\n", (unsigned long long)of_names(), alignment());
    printf("%llu %d\n", (unsigned long long)changes(3), from_c[2]);
    printf("%llx\n", (unsigned long long)bounded());
    printf("%d\n", FROM_RUST[0]->second + FROM_RUST[1]->second + FROM_RUST[0]->first + FROM_RUST[1]->first);
    return 7;
}
