"""Shipping a model: scorer, bundle, container files, signature, endpoint."""
