"""What models are made of: trees, regressions, calibration, Shapley values."""
