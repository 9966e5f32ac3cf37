"""A loop over time whose step is a separate model."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Recurrence(keras.layers.Layer):
    """Runs a model of one step over sequences, like ``tf.nn.dynamic_rnn`` with a cell.

    Inputs of the step: its number if ``numbered``, the slice of each sequence at that
    step, ``states`` states, and the constants of all steps. Its outputs are stacked
    along time; it also returns the new states.
    """

    def __init__(
        self,
        step,
        states=1,
        return_state=False,
        time_major=False,
        numbered=False,
        length=None,
        **options,
    ):
        super().__init__(**options)
        self.step, self.states, self.length = step, states, length
        self.return_state, self.time_major = return_state, time_major
        self.numbered = numbered
        self.outputs = len(step.outputs) - states

    def call(
        self,
        sequences,
        initial_state=(),
        constants=(),
        lengths=None,
        training=None,
    ):
        """The outputs of all steps, (batch, time, …), then the states if requested.

        Sequences are (batch, time, …), or (time, batch, …) with ``time_major``. States
        start at zero, or at ``initial_state``. Beyond a sequence's length, outputs are
        zero and the states do not change.
        """
        flatten = keras.tree.flatten
        sequences = [self._swapped(x) for x in flatten(sequences)]
        initial_state = flatten(initial_state)
        every = [x[0] for x in sequences] + initial_state
        batch = next((keras.ops.shape(x)[0] for x in every if len(x.shape)), None)
        zeros = [
            keras.ops.zeros([batch if n is None else n for n in y.shape], y.dtype)
            for y in self.step.outputs
        ]
        carried = zeros[: self.outputs] + (initial_state or zeros[self.outputs :])

        def advance(carried, at):
            time, *slices = at
            states = carried[self.outputs :]
            inputs = [*slices, *states, *constants]
            inputs = [time, *inputs] if self.numbered else inputs
            made = flatten(self.step(inputs, training=training))
            if lengths is not None:
                on = time < keras.ops.cast(lengths, "int32")
                nothing = [keras.ops.zeros_like(y) for y in made[: self.outputs]]
                pairs = zip(made, [*nothing, *states], strict=True)
                made = [self._where(on, new, old) for new, old in pairs]
            return made, made

        steps = self.length or keras.ops.shape(sequences[0])[0]
        times = keras.ops.arange(steps, dtype="int32")
        # keras.ops.scan stacks what it carries: outputs are carried for that.
        states, made = keras.ops.scan(advance, carried, [times, *sequences])
        made = [self._swapped(array) for array in made[: self.outputs]]
        made += states[self.outputs :] if self.return_state else []
        return made[0] if len(made) == 1 else made

    def compute_output_spec(
        self,
        sequences,
        initial_state=(),
        constants=(),
        lengths=None,
        training=None,
    ):
        """The shapes and dtypes of the results of ``call``."""
        steps = self.length
        for sequence in keras.tree.flatten(sequences)[:1]:
            first = self.time_major or len(sequence.shape) < 2
            steps = sequence.shape[0 if first else 1]
        made = []
        for output in self.step.outputs[: self.outputs]:
            at = 0 if self.time_major else min(1, len(output.shape))
            shape = (*output.shape[:at], steps, *output.shape[at:])
            made.append(keras.KerasTensor(shape, dtype=output.dtype))
        if self.return_state:
            states = self._state_specs()
            made += [keras.KerasTensor(x.shape, dtype=x.dtype) for x in states]
        return made[0] if len(made) == 1 else made

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "step": keras.saving.serialize_keras_object(self.step),
            "states": self.states,
            "return_state": self.return_state,
            "time_major": self.time_major,
            "numbered": self.numbered,
            "length": self.length,
        }

    @classmethod
    def from_config(cls, config):
        """The layer, its step built first."""
        step = keras.saving.deserialize_keras_object(config["step"])
        return cls(**{**config, "step": step})

    def _state_specs(self):
        """The step's outputs that are new states."""
        return self.step.outputs[self.outputs :]

    def _swapped(self, x):
        """Swaps the batch and time axes, unless all sequences are time-major."""
        if self.time_major or len(x.shape) < 2:
            return x
        return keras.ops.swapaxes(x, 0, 1)

    def _where(self, mask, new, old):
        """One of two tensors (batch, …), by a mask (batch,)."""
        mask = keras.ops.reshape(mask, (-1, *[1] * (len(new.shape) - 1)))
        return keras.ops.where(mask, new, old)
