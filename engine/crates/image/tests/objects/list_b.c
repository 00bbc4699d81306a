#define MEMBER(section_name) __attribute__((section(#section_name), used, retain))
struct entry { const char *name; long value; };
MEMBER(entries) static struct entry three = {"three", 3};
MEMBER(numbers) static const long twenty = 20, thirty = 30;
MEMBER(bytes) static char bytes_b[3] = {'x', 'y', 'z'};
extern struct entry __start_entries[], __stop_entries[];
long others(void) {
    long sum = 0;
    for (struct entry *entry = __start_entries; entry < __stop_entries; entry++) sum += entry->value;
    return sum;
}
