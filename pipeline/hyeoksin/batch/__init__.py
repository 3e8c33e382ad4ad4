"""Batch: archives of any size in, partitioned records out; stopped at any moment, it goes on to the same bytes."""

from hyeoksin.batch.engines import ENGINES, Resources
from hyeoksin.batch.run import run
from hyeoksin.batch.settings import Options

__all__ = ["ENGINES", "Options", "Resources", "run"]
