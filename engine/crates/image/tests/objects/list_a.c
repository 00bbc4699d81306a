#include <stdint.h>
#include <stdio.h>
#define MEMBER(section_name) __attribute__((section(#section_name), used, retain))
struct entry { const char *name; long value; };
MEMBER(entries) static struct entry one = {"one", 1}, two = {"two", 2};
MEMBER(numbers) static const long ten = 10;
MEMBER(bytes) static char byte_a = 'a';
extern struct entry __start_entries[], __stop_entries[];
extern const long __start_numbers[], __stop_numbers[];
extern char __start_bytes[], __stop_bytes[];
/* A section without members. */
extern __attribute__((weak)) char __start_empty[], __stop_empty[];
static struct entry *const end = __stop_entries;
extern long others(void);
int main(void) {
    for (struct entry *entry = __start_entries; entry < end; entry++) printf("%s %ld\n", entry->name, entry->value);
    for (const long *number = __start_numbers; number < __stop_numbers; number++) printf("%ld ", *number);
    printf("%td %d\n", __stop_numbers - __start_numbers, (int)((uintptr_t)__start_entries % 16));
    printf("%.*s %d\n", (int)(__stop_bytes - __start_bytes), __start_bytes, __start_empty == __stop_empty);
    printf("%ld %d\n", others(), __start_entries[0].value == one.value);
    return 0;
}
