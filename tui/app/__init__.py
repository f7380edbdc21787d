"""The full-screen terminal: home, the run with its conversation, gates, evidence."""
