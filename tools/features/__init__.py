"""Features: the plan as data, how it is made, and the matrix that models are trained on."""
