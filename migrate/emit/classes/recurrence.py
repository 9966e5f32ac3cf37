"""A loop over time whose step is a separate model."""

import keras
import tensorflow as tf


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
        self.supports_jit = False

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
        states = flatten(initial_state) or self._zeros(sequences[0])
        steps = self.length or tf.shape(sequences[0])[0]
        specs = self.step.outputs[: self.outputs]
        arrays = [tf.TensorArray(y.dtype, steps, element_shape=y.shape) for y in specs]

        def advance(time, states, arrays):
            inputs = [*(x[time] for x in sequences), *states, *constants]
            inputs = [time, *inputs] if self.numbered else inputs
            made = flatten(self.step(inputs, training=training))
            outputs, new = made[: self.outputs], made[self.outputs :]
            if lengths is not None:
                on = time < tf.cast(lengths, "int32")
                outputs = [self._where(on, y, tf.zeros_like(y)) for y in outputs]
                pairs = zip(new, states, strict=True)
                new = [self._where(on, y, before) for y, before in pairs]
            arrays = [a.write(time, y) for a, y in zip(arrays, outputs, strict=True)]
            return time + 1, new, arrays

        _, states, arrays = tf.while_loop(
            lambda time, *rest: time < steps,
            advance,
            (tf.constant(0), list(states), arrays),
            shape_invariants=(
                tf.TensorShape(()),
                [tf.TensorShape(spec.shape) for spec in self._state_specs()],
                [tf.TensorShape(None)] * self.outputs,
            ),
            maximum_iterations=steps,
        )
        made = [self._swapped(array.stack()) for array in arrays]
        made += states if self.return_state else []
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
        return tf.transpose(x, [1, 0, *range(2, len(x.shape))])

    def _where(self, mask, new, old):
        """One of two tensors (batch, …), by a mask (batch,)."""
        mask = tf.reshape(mask, [-1, *[1] * (len(new.shape) - 1)])
        return tf.where(mask, new, old)

    def _zeros(self, sequence):
        """States to start from, for sequences (time, batch, …)."""
        specs = self._state_specs()
        batch = tf.shape(sequence)[1] if specs else None
        return [tf.zeros((batch, *x.shape[1:]), x.dtype) for x in specs]
