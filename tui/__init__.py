"""The faces in the terminal; they reach everything through the agent."""
