"""TensorFlow 1 in, Keras out, the proof attached."""

__version__ = "0.1.0"
