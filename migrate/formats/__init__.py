"""Weight and model formats, one file each."""
