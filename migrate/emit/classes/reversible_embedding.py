"""An embedding that shares its table with the output layer."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class ReversibleEmbedding(keras.layers.Embedding):
    """An embedding whose transposed table also maps vectors to scores."""

    def call(self, inputs, reverse=False):
        """The rows looked up, or the products of vectors with every row."""
        if reverse:
            return keras.ops.matmul(inputs, keras.ops.transpose(self.embeddings))
        return super().call(inputs)

    def compute_output_spec(self, inputs, reverse=False):
        """The shape of vectors for integers, or of scores for vectors."""
        inner = inputs.shape[:-1] if reverse else inputs.shape
        size = self.input_dim if reverse else self.output_dim
        return keras.KerasTensor((*inner, size), dtype=self.compute_dtype)
