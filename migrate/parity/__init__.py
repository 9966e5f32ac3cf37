"""Two sets of arrays → differences, the tolerance that would have been needed, a verdict."""
