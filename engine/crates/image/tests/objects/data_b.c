struct node { const char *name; struct node *next; int (*act)(int); long value; };
extern struct node first;
extern int here(int), array[5];
/* The other object has a static function of this name. */
static int twice(int x) { return 3 * x; }
struct node other = {"other", &first, twice, -7};
struct node *const to_other = &other;
unsigned char zeros[70000];
const long constants[4] = {1, 0x123456789abcdef, 3, 4};
int shared(int x) { return here(x) + twice(1); }
int *inside(void) { return array + 3; }
int (*const functions[3])(int) = {here, twice, shared};
