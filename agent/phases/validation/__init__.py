"""Phase 3: from the sealed test rows to a verdict."""
