"""RMSProp with TensorFlow 1's initial mean square."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class RMSProp(keras.optimizers.RMSprop):
    """RMSProp whose mean square starts at 1, like tf.train.RMSPropOptimizer.

    In Keras it starts at 0, which makes the first steps several times as large.
    """

    def __init__(self, learning_rate=0.001, epsilon=1e-10, **options):
        super().__init__(learning_rate=learning_rate, epsilon=epsilon, **options)

    def add_variable_from_reference(self, reference_variable, name=None, **options):
        """Creates mean squares of ones, and the other variables like Keras."""
        if name == "velocity":
            options["initializer"] = "ones"
        return super().add_variable_from_reference(reference_variable, name, **options)
