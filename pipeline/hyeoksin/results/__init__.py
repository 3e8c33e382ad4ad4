"""Results read back: records as ``classify`` and ``batch`` write them, decided tables, or a store, one text at a time."""

from hyeoksin.results.read import main_plan, other_editions, read_results, refuse_unfinished
from hyeoksin.results.result import Result

__all__ = ["Result", "main_plan", "other_editions", "read_results", "refuse_unfinished"]
