"""RMSProp, from its first step."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class RMSProp(keras.optimizers.RMSprop):
    """RMSProp whose mean square starts at 1, as tf.train.RMSPropOptimizer has it.

    Keras starts it at 0, so that its first steps are several times as long.
    """

    def __init__(self, learning_rate=0.001, epsilon=1e-10, **options):
        super().__init__(learning_rate=learning_rate, epsilon=epsilon, **options)

    def add_variable_from_reference(self, reference_variable, name=None, **options):
        """Makes mean squares of ones, and all else as Keras does."""
        if name == "velocity":
            options["initializer"] = "ones"
        return super().add_variable_from_reference(reference_variable, name, **options)
