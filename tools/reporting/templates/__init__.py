"""The dossier's style sheet and page frame, kept as data."""
