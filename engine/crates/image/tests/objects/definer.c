/* One of several objects with the same definitions. */
LINKAGE int function(void) { return NUMBER; }
LINKAGE int value = 10 * NUMBER;
/* Has another size in every object, and refers to what only its own object has. */
static int own = 100 * NUMBER;
LINKAGE int *pointers[NUMBER] = {&own};
