"""Evaluation: metrics, intervals, holdout, fairness, robustness, stress, business value, A/B design, verdict."""
