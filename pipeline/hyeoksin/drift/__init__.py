"""Drift between two periods: of the texts, of what is said of them, and of how far that can be believed."""

from hyeoksin.drift.compare import TESTS, Drift, Moved, Suggestion, Verdict, find_drift
from hyeoksin.drift.sample import Sample, thinned

__all__ = ["TESTS", "Drift", "Moved", "Sample", "Suggestion", "Verdict", "find_drift", "thinned"]
