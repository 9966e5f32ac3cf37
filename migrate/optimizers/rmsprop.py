"""RMSProp, from its first step."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class RMSProp(keras.optimizers.RMSprop):
    """RMSProp whose mean square starts at 1, as tf.train.RMSPropOptimizer has it.

    Keras starts it at 0, so that its first steps are several times as long.
    """

    def __init__(self, learning_rate=0.001, epsilon=1e-10, **options):
        super().__init__(learning_rate=learning_rate, epsilon=epsilon, **options)

    def build(self, var_list):
        """Makes mean squares and, where used, momentums and mean gradients."""
        if not self.built:
            super().build(var_list)
            for velocity in self._velocities:
                velocity.assign(keras.ops.ones_like(velocity))
