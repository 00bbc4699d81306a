/* A definition that every object has and the program once: C++'s inline functions, rustc's `DW.ref.rust_eh_personality`. */
#include <stdio.h>
__asm__(".section .text.once,\"axG\",@progbits,once,comdat\n .weak once\n .type once,@function\n"
        "once: mov $" RESULT ", %eax\n ret\n .size once, .-once\n .text\n"
        ".section .data.flag,\"awG\",@progbits,flag,comdat\n .weak flag\n .type flag,@object\n .size flag, 4\n"
        "flag: .long " RESULT "\n .text\n");
extern int once(void), flag;
#ifdef MAIN
extern int (*theirs(void))(void), *their_flag(void);
int main(void) {
    printf("%d %d %d %d\n", once(), theirs()(), theirs() == once, their_flag() == &flag);
    flag += 5;
    printf("%d\n", *their_flag());
    return 0;
}
#else
int (*theirs(void))(void) { return once; }
int *their_flag(void) { return &flag; }
#endif
