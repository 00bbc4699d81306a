/* What both programs stand on: in the native one it is linked like everything else, for the image it is a library. */
char __cranefly_base_anchor[8] = {1};
__thread char __cranefly_tls_anchor[8];

/* Nothing here unwinds. */
int rust_eh_personality(void) { return 9; }

int base_value = 5;
int base_zeros[100];
__thread int base_local = 6;
const char *const base_text = "of the base";
int base_answer(int x) { return x + base_value; }
int base_calls(int (*callback)(int)) { return callback(20); }
