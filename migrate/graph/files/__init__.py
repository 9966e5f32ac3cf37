"""Graph files → a graph: reading, decoding, and the check before anything of it runs."""
