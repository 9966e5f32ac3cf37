"""The systems of the course, a file a chapter."""
