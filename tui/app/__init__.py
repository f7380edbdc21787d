"""The full-screen app: home, run, gates and evidence in the terminal."""
