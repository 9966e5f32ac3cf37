"""TensorFlow 2: the twin of each legacy file. tf.function, GradientTape, Keras."""
