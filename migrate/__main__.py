"""``python -m tfmigrate``."""

from .cli import main

main()
