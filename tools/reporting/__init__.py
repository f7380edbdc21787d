"""Documents from evidence: sections, figures, renderers, the deliverables and the dossier."""
