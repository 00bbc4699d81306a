//! Frame tables for the unwinder.
