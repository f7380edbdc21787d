"""Data: reading, profiling, personal data, splitting, leakage, cleaning, exploring."""
