"""What the measuring scripts take on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path


def described(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser whose help is the script's docstring, line by line."""
    return argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)


def there(given: str) -> Path:
    """Return a path that there is: a wrong one is told before anything is loaded."""
    path = Path(given)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"there is no {given}")
    return path
