"""What a person types while a run is open: understood by declared patterns, answered from the run's evidence."""
