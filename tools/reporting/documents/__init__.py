"""The 19 deliverables, one function each from the material of a run to a document."""
