"""What we remember. Functions in, records out; no Tortoise model leaves this folder.

Open it with `connection.open_database`, after `migrate.prepare` has looked at the tables.
"""
