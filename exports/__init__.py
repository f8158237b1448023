"""Files for other programs: catalogue products in, text out. No I/O."""
