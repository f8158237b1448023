"""Random operations against a running server. Not part of the tests: `make fuzz` runs them."""
