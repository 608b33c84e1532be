"""Training, verdicts, drift checks and performance measures."""
