"""Versioned prompts for language models, one Markdown file each; the expert advisor needs none."""
