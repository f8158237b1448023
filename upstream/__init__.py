"""How a call to a marketplace is made; what a marketplace is stands in clients/."""
