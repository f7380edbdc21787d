"""Phase 1: from a table to clean training data and a baseline."""
