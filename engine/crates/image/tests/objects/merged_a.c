#include <stdio.h>
#include <string.h>
extern const char *theirs(void);
extern double their_constant(void);
static const char *const texts[] = {"the same text", "text", "the other's tail"};
int main(void) {
    printf("%s|%s|%s|%s\n", texts[0], texts[1], theirs(), strrchr(texts[2], 't'));
    printf("%zu %g %Lg\n", strlen("the same text"), 2.5 * their_constant(), 0.1L);
    return 0;
}
