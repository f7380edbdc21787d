"""Phase 4: from a bundle to a served, monitored model."""
