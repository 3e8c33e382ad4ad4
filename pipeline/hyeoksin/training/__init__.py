"""Training: examples in, a calibrated model and its card out."""
