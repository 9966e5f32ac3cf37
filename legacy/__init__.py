"""TensorFlow 1: one file a system. Graph, placeholders, Session, Saver."""
