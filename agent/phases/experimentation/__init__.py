"""Phase 2: from candidates to a frozen scorer."""
