"""A marketplace that does not exist: what tests/test_bazaar.py puts into a copy of the
house, to see that a further one needs nothing but its own files and its registration."""
