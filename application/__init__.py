"""Puts everything together: settings, database, gateways and routes."""
