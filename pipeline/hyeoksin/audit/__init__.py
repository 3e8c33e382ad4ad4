"""Coverage audit: what a plan's nodes cover, corrected for the classifier's errors, and what has no home in the plan."""

from hyeoksin.audit.outputs import OUTPUTS, is_audit, write_audit
from hyeoksin.audit.result import CUTS, Audit
from hyeoksin.audit.run import audit, draw_sample

__all__ = ["CUTS", "OUTPUTS", "Audit", "audit", "draw_sample", "is_audit", "write_audit"]
