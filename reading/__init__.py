"""What texts and files hold: addresses and ids, rows and headings. Knows no marketplace."""
