"""Peak memory of this process and of the children it has seen end."""

from __future__ import annotations

import sys

__all__ = ["peak_memory"]


def peak_memory() -> dict[str, float] | None:
    """Return the highest resident memory in MiB of the driver and of its largest finished child; None on Windows."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    whose = {"driver": resource.RUSAGE_SELF, "largest_child": resource.RUSAGE_CHILDREN}
    return {name: round(resource.getrusage(who).ru_maxrss / unit, 1) for name, who in whose.items()}
