"""Puts the parts together: settings, database, gateways and routes."""
