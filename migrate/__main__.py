"""``python -m tfmigrate``."""

from .cli.start import main

main()
