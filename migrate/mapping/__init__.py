"""A user's own map from checkpoint names to the variables of a model the user has."""
