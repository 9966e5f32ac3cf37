"""The command line: one file a command; what all of them share stands in main and options."""
