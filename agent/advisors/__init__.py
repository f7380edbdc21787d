"""Who recommends: the expert (declared rules) by default."""
