"""Modelling: families, search, out-of-fold predictions, comparison, explanation, export."""
