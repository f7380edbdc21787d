"""Deterministic tools: frames and settings in, frozen reports out. They do not store, print or ask."""
