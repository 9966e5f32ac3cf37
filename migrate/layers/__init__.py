"""Handlers: graph nodes → Keras layers and keras.ops."""
