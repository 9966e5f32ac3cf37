"""A plan → Python source a person would keep."""
