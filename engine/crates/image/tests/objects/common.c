int tentative;
int main(void) { return tentative; }
