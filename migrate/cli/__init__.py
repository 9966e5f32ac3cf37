"""The command line: one file for each command; main and options are shared."""
