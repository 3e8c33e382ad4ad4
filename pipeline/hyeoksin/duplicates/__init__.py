"""Duplicates: texts that are equal or nearly so, grouped on disk, whatever their number and order."""

from hyeoksin.duplicates.entries import Entry, answer_key, group, grouped
from hyeoksin.duplicates.index import Groups, Index
from hyeoksin.duplicates.signatures import content_hash, signatures

__all__ = ["Entry", "Groups", "Index", "answer_key", "content_hash", "group", "grouped", "signatures"]
