"""What a reader takes at most: no file, however made, may fill the memory or never end."""

from __future__ import annotations

__all__ = [
    "MAX_COLUMNS",
    "MAX_DEPTH",
    "MAX_FILES",
    "MAX_FILE_BYTES",
    "MAX_MAIL_BYTES",
    "MAX_MEMBERS",
    "MAX_PACKAGE_BYTES",
    "MAX_TEXT",
    "MAX_UNPACKED_BYTES",
    "SILENT_SECONDS",
    "WORKER_BYTES",
]

MAX_FILE_BYTES = 512 << 20  # of a file that must be read whole (not CSV, JSONL, Parquet)
MAX_PACKAGE_BYTES = 512 << 20  # of all that a DOCX or HWPX holds
MAX_UNPACKED_BYTES = 4 << 30  # of all that a ZIP or gzip file holds; it is unpacked file by file
MAX_MAIL_BYTES = 100 << 20  # of a mail with its attachments
MAX_MEMBERS = 10_000  # files in one ZIP
MAX_COLUMNS = 1_000  # of a table in a document or web page
MAX_DEPTH = 3  # ZIP (or gzip) in ZIP in ZIP
MAX_FILES = 100_000  # files in one folder, subfolders counted
MAX_TEXT = 1_000_000  # characters of one document: about a thousand pages
SILENT_SECONDS = 60.0  # that a parser may work without yielding anything
WORKER_BYTES = 2 << 30  # address space of the process that parses
