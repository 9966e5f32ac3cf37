"""A learned vector for each position of a sequence, added to what stands there."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class PositionEmbedding(keras.layers.Layer):
    """The first rows of a table, as many as the input is long, for every example."""

    def __init__(self, input_dim, output_dim, table_regularizer=None, **options):
        super().__init__(**options)
        self.input_dim, self.output_dim = input_dim, output_dim
        self.table_regularizer = keras.regularizers.get(table_regularizer)

    def build(self, input_shape):
        """Creates the table, (input_dim, output_dim)."""
        shape = (self.input_dim, self.output_dim)
        self.table = self.add_weight(
            shape=shape,
            initializer="uniform",
            regularizer=self.table_regularizer,
            name="table",
        )

    def call(self, inputs):
        """The rows, (batch, length, output_dim), for inputs (batch, length, …)."""
        batch, length = keras.ops.shape(inputs)[:2]
        rows = self.table[:length]
        return keras.ops.broadcast_to(rows, (batch, length, self.output_dim))

    def compute_output_spec(self, inputs):
        """The shape of the rows."""
        shape = (*inputs.shape[:2], self.output_dim)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """The constructor's arguments."""
        regularizer = keras.regularizers.serialize(self.table_regularizer)
        given = {"table_regularizer": regularizer} if regularizer else {}
        sizes = {"input_dim": self.input_dim, "output_dim": self.output_dim}
        return {**super().get_config(), **sizes, **given}
