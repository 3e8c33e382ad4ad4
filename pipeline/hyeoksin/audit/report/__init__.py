"""The audit's report: one HTML file to read and hand in, and the same numbers as a workbook; both from the audit alone."""

from hyeoksin.audit.report.page import page, write_page
from hyeoksin.audit.report.sheets import write_sheets

__all__ = ["page", "write_page", "write_sheets"]
