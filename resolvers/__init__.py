"""What happens when a field is asked: functions that take a Context and return records."""
