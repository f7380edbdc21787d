"""Before phase 1: reading the data, and whether they can answer the question."""
