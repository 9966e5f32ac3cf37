"""The log likelihood of tags in a linear chain of them."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class CRFLogLikelihood(keras.layers.Layer):
    """The log likelihood of each sequence of tags in a conditional random field.

    It is that of ``tf.contrib.crf.crf_log_likelihood``: the score of the tags, less
    the logarithm of the sum over all sequences of tags, by the forward algorithm.
    """

    def call(self, tags, scores, transitions, lengths):
        """The log likelihoods, (batch,).

        Tags are (batch, time), scores (batch, time, tags), transitions (tags, tags):
        from the one of a row to the one of a column; lengths (batch,).
        """
        ops = keras.ops
        transitions = ops.convert_to_tensor(transitions)
        steps = ops.arange(ops.shape(tags)[1], dtype="int32")
        within = steps < ops.expand_dims(ops.cast(lengths, "int32"), -1)
        mask = ops.cast(within, scores.dtype)
        chosen = ops.one_hot(tags, scores.shape[-1], dtype=scores.dtype)
        single = ops.sum(chosen * scores, axis=-1)
        following = ops.sum(chosen[:, :-1] @ transitions * chosen[:, 1:], axis=-1)
        score = ops.sum(single * mask, 1) + ops.sum(following * mask[:, 1:], 1)

        def advance(total, at):
            given, on = at
            paths = ops.expand_dims(total, 2) + transitions
            further = given + ops.logsumexp(paths, axis=1)
            total = ops.where(ops.expand_dims(on, -1), further, total)
            return total, total

        rest = ops.transpose(scores[:, 1:], (1, 0, 2)), ops.transpose(within[:, 1:])
        total, _ = ops.scan(advance, scores[:, 0], rest)
        norm = ops.logsumexp(total, axis=1)
        return score - ops.where(within[:, 0], norm, ops.zeros_like(norm))

    def compute_output_spec(self, tags, scores, transitions, lengths):
        """A number for each sequence."""
        return keras.KerasTensor((scores.shape[0],), dtype=scores.dtype)
