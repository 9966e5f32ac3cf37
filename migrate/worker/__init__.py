"""The process that imports TensorFlow and runs graphs and models."""
