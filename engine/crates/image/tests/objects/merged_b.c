const char *theirs(void) { return "the same text"; }
double their_constant(void) { return 2.5; }
