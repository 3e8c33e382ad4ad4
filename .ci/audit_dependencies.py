"""Ask pip-audit about the locked packages, and say plainly what could not be asked.

pip-audit ends with "No known vulnerabilities found" even where it could look up none of the packages, and fails like a
finding where its service does not answer. Here a finding fails; what was not audited is counted and said, and fails only
with ``--strict`` (for a machine that reaches the service).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def verdict(report: dict[str, Any] | None, strict: bool = False) -> tuple[list[str], int]:
    """Return what to say of pip-audit's report (None: it made none) and the exit code."""
    packages = report["dependencies"] if report else []
    skipped = [package for package in packages if "skip_reason" in package]
    audited = [package for package in packages if "skip_reason" not in package]
    found = [(package, fault) for package in audited for fault in package["vulns"]]
    lines = [
        f"VULNERABLE {p['name']} {p['version']}: {v['id']}, fixed in {', '.join(v['fix_versions']) or 'no version yet'}"
        for p, v in found
    ]
    if not audited:
        lines.append(
            "NOT AUDITED: the advisory service cannot be reached here; nothing is known about any package."
        )
    elif skipped:
        lines.append(f"{len(audited)} packages audited, NOT AUDITED: {', '.join(p['name'] for p in skipped)}")
    else:
        lines.append(f"{len(audited)} packages audited, {len(found)} vulnerabilities.")
    return lines, int(bool(found) or (strict and (bool(skipped) or not audited)))


def report(lock: Path, seconds: float) -> dict[str, Any] | None:
    """Return pip-audit's report on a lock file with hashes; None where the service does not answer in time.

    Raises:
        SystemExit: pip-audit failed for another reason than its service.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.json")
        command = [
            sys.executable,
            "-m",
            "pip_audit",
            "--requirement",
            str(lock),
            "--disable-pip",
            "--require-hashes",
        ]
        command += ["--format", "json", "--output", str(path), "--progress-spinner", "off", "--timeout", "10"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return None
        if path.is_file() and path.stat().st_size:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return told
    words = done.stdout + done.stderr
    if any(
        sign in words
        for sign in ("ConnectionError", "ServiceError", "ConnectTimeout", "ReadTimeout", "HTTPError")
    ):
        return None
    sys.exit(f"pip-audit failed:\n{words[-2000:]}")


def main() -> None:
    """Audit ``requirements/lock.txt``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("lock", type=Path, nargs="?", default=Path("requirements/lock.txt"))
    parser.add_argument("--strict", action="store_true", help="fail where a package could not be audited")
    parser.add_argument("--seconds", type=float, default=240.0, help="wait at most so long")
    given = parser.parse_args()
    lines, code = verdict(report(given.lock, given.seconds), given.strict)
    print("\n".join(lines))
    sys.exit(code)


if __name__ == "__main__":
    main()
