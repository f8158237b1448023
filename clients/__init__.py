"""What a marketplace is: one folder each. How a call to it is made stands in upstream/."""
