"""The assistant: state machine, steps, questions, gates, advisors, and the session that every face uses."""
