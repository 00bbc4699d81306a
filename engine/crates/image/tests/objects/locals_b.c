__thread long theirs[3] = {1, 2, 3};
static __thread long hidden = 1000;
long *their_hidden(void) { return &hidden; }
