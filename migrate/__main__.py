"""``python -m tfmigrate``."""

from .cli.main import main

main()
