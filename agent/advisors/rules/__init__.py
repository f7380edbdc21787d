"""Rules of the expert advisor, one file a step that asks."""
