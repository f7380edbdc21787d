"""Watching a deployed model: drift, performance, alerts, service levels, rollout, retraining."""
