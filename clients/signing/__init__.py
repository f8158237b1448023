"""Signatures: pure functions, named after the steps in each marketplace's own document."""
