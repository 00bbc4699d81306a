/* VERSION is the program after so many edits. */
#include <stdio.h>
extern int base_answer(int);
static int hidden(int x) { return x + VERSION; }
int numbers[4 + VERSION] = {VERSION, 2, 3, 4};
const char *text = VERSION ? "edited" : "before";
__thread long local = 100 * VERSION + 1;
#if VERSION == 1
int (*only_now)(int) = hidden;
#endif
__attribute__((section("members"), used, retain)) static long member = VERSION;
#if VERSION != 2
__attribute__((section("members"), used, retain)) static long more[1 + VERSION] = {50};
#endif
__attribute__((constructor)) static void at_start(void) { printf("version %d starts\n", VERSION); }
int work(int x) { return hidden(x) * base_answer(VERSION) + numbers[3 + VERSION] + (int)local; }
