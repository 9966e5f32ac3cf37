"""Layers, weights and where each goes: what a conversion is going to do."""
