"""How few marketplace calls the server spends: `make bench`."""
