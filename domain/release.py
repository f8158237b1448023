"""Which release this is: the one place that says so. pyproject.toml repeats it for tools."""

VERSION = "1.0.0-rc.1"
