"""A TensorFlow 1 source in; a folder with the Keras model, its source and its proof out."""
