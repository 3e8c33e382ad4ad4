"""``python -m hyeoksin``."""

from hyeoksin.cli import main

main()
