"""The inputs and outputs of a graph's network, and the part between them."""
