"""Custom optimizers of a program, as functions."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class CustomOptimizer(keras.optimizers.Optimizer):
    """Updates each weight by a function that a subclass names.

    ``slots`` are names of variables that each weight has. ``updates`` holds pairs of a
    function and the endings of the paths of its weights. From gradient, weight,
    learning rate, powers and slots it computes the new weight and the new slots.
    ``powers`` lists numbers, each with one of its powers and the iteration that has it.
    """

    slots = ()
    powers = ()
    updates = ()

    def __init__(self, learning_rate=0.001, name="custom", **options):
        super().__init__(learning_rate=learning_rate, name=name, **options)

    def build(self, variables):
        """Makes the slots of each variable."""
        if not self.built:
            super().build(variables)
            for slot in self.slots:
                made = self.add_optimizer_variables(variables, slot)
                setattr(self, f"_{slot}", made)

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable and its slots."""
        place = self._get_variable_index(variable)
        held = [variable, *(getattr(self, f"_{slot}")[place] for slot in self.slots)]
        if hasattr(gradient, "dense_shape"):  # rows of an embedding: tf.IndexedSlices
            rows, count = gradient.indices, variable.shape[0]
            gradient = keras.ops.segment_sum(gradient.values, rows, num_segments=count)
        gradient = keras.ops.convert_to_tensor(gradient)
        weight, *slots = map(keras.ops.convert_to_tensor, held)
        rate = keras.ops.cast(learning_rate, variable.dtype)
        powers = []
        for beta, power, step in self.powers:
            more = keras.ops.cast(self.iterations - step, variable.dtype)
            powers.append(power * keras.ops.power(beta, more))
        path = self._trainable_variables[place].path
        for update, paths in self.updates:
            if f"/{path}".endswith(tuple(f"/{end}" for end in paths)):
                values = update(gradient, weight, rate, *powers, *slots)
                for old, new in zip(held, values, strict=True):
                    self.assign(old, new)
