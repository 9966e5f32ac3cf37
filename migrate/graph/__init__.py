"""Graph files → nodes, the inference part, inputs and outputs, the training part; no TensorFlow."""
