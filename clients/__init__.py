"""The outside world: one folder a marketplace, `http.py` the one way out."""
