"""What the operator types: python server.py COMMAND."""
