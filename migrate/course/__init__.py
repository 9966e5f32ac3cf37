"""The catalogue of twin systems, their data, and the comparison of a pair."""
