//! What runs in the user's process: the stub behind functions that have no code yet.
//!
//! **Takes** nothing but a slot's address and shared memory. **Gives** control to the function once the daemon has
//! compiled it. **Never** allocates, locks, touches thread-locals or vector registers, or calls into the program.
