"""The words everyone speaks: frozen records and exceptions. No I/O; imports nothing of ours."""
