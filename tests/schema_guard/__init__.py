"""Guards schema.graphql: no break that the changelog does not name, nothing without description."""
