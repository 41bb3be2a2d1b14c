"""The local store: what was read, where it was found, and how far."""
