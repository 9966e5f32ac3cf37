"""The exercises of chapter F: Pitfalls."""

from __future__ import annotations

from ..system import Exercise

EXERCISES: dict[str, tuple[Exercise, ...]] = {
    "stale-graph": (
        Exercise(
            "Somebody says that the trap only needs more training. What are its accuracy and its "
            "loss after 20 epochs, and those of the cure?",
            "--set epochs=20",
            "The accuracy of the trap is 0.07 after every epoch; the cure reaches 0.8. The loss "
            "of the trap falls to 192: training works, on variables that the accuracy does not "
            "read. A measure that never changes at all is a sign of a wrong graph, not of slow "
            "learning.",
            {
                "0.07": "trap | accuracy[-1]",
                "0.8": "cure | accuracy[-1]",
                "192": "trap | loss[-1]",
            },
        ),
        Exercise(
            "Train for a single epoch. Would the accuracy show you the mistake?",
            "--set epochs=1",
            "Hardly: 0.07 against 0.35 could be a slow start. It shows after the second epoch, "
            "when the loss has fallen and the accuracy is the same to the last digit. The report "
            "says that the trap shows less than with the defaults.",
            {"0.07": "trap | accuracy[-1]", "0.35": "cure | accuracy[-1]"},
        ),
        Exercise(
            "Run it on other data. Is the accuracy of the trap that of a guess again?",
            "--data fashion-like",
            "Yes: 0.13 after each of the 5 epochs, where a guess among ten classes has a tenth. "
            "The cure reaches 0.80. The mistake is in the graph, so no dataset hides it.",
            {"0.13": "trap | accuracy[-1]", "0.80": "cure | accuracy[-1]"},
        ),
    ),
    "unnamed-variables": (
        Exercise(
            "The program creates the head first and restores. Which error does TF1 raise? Why is "
            "this the better of the two outcomes?",
            "",
            "Assign requires shapes of both tensors to match: the variable named Variable is now "
            "the head, and the checkpoint has the encoder under that name. An error stops the "
            "program; the other order restores wrong weights without a word.",
            {
                "Assign requires shapes": "TF1 | trap | head created first",
            },
        ),
        Exercise(
            "In the checkpoint, the encoder is full of 1s and the decoder full of 2s. What does "
            "the trap restore into the encoder, and how would you notice in a real network?",
            "",
            "2s. Both have the shape [3, 3], so nothing fails. Compare an output for a known "
            "input before and after restoring: with the cure the encoder is full of 1s.",
            {"2": "trap | encoder[0]", "1": "cure | encoder[0]"},
        ),
        Exercise(
            "Keras layers always have names. Why does load_weights restore the wrong weights all "
            "the same, and what does the cure use instead?",
            "",
            "load_weights goes by the position of a layer in the model: TF2 has 1s in the "
            "decoder. The cure loads the whole model and gets each layer by its name; its decoder "
            "is full of 2s.",
            {"1": "TF2 | trap | decoder[0]", "2": "TF2 | cure | decoder[0]"},
        ),
    ),
    "keep-prob": (
        Exercise(
            "For which keep_prob do the losses of trap and cure agree? Why does the TF1 program "
            "still fail at inference?",
            "--set keep_prob=0.5",
            "For 0.5: half is kept and half is dropped, and the last loss is 0.67 in both. At "
            "inference the TF1 program feeds 1, which as a rate drops everything: an accuracy of "
            "0.10. A test with the default of many programs, 0.5, does not find this mistake.",
            {
                "0.67": "trap | loss[-1]",
                "0.10": "TF1 | trap | accuracy",
                "0.5": "cure | share dropped",
            },
        ),
        Exercise(
            "Raise keep_prob to 0.95, for a network that needs little dropout. Does the mistake "
            "become smaller?",
            "--set keep_prob=0.95",
            "Larger: the trap drops 95 % of the hidden layer. Its loss ends at 1.90, that of the "
            "cure at 0.46, and the accuracy in Keras is 0.75 instead of 0.84. The less dropout "
            "was meant, the more the mistake drops.",
            {
                "95 %": "trap | share dropped",
                "1.90": "trap | loss[-1]",
                "0.46": "cure | loss[-1]",
                "0.75": "TF2 | trap | accuracy, dropout off",
                "0.84": "TF2 | cure | accuracy",
            },
        ),
        Exercise(
            "Train for 15 epochs instead of 5. Does the accuracy of the Keras program show the "
            "mistake? What does?",
            "--set epochs=15",
            "The accuracy hardly: 0.86 against 0.87. The training loss does: 0.58 against 0.17. "
            "Print the share of zeros after a dropout layer once: 0.80 where 0.20 was meant.",
            {
                "0.86": "TF2 | trap | accuracy, dropout off",
                "0.87": "TF2 | cure | accuracy",
                "0.58": "trap | loss[-1]",
                "0.17": "cure | loss[-1]",
                "0.80": "trap | share dropped",
                "0.20": "cure | share dropped",
            },
        ),
    ),
    "update-ops": (
        Exercise(
            "Set the momentum of the moving averages to 0.99, which is Keras's default. What is "
            "the accuracy of the cure after 96 steps, and why is it lower than with 0.9?",
            "--set momentum=0.99",
            "0.85 instead of 0.89. A moving average forgets its start slowly: after 96 steps "
            "0.99^96, about a third, of the initial mean 0 and variance 1 is left. Train longer, "
            "or use a lower momentum for short trainings.",
            {"0.85": "cure | accuracy", "0.89": "default | cure | accuracy"},
        ),
        Exercise(
            "With momentum 0, the statistics are those of the last batch. What does that cost?",
            "--set momentum=0",
            "The accuracy is 0.87 instead of 0.89: the statistics of one batch are noisy. "
            "Training is the same in both, with a last loss of 0.065, because it never reads them.",
            {
                "0.87": "cure | accuracy",
                "0.89": "default | cure | accuracy",
                "0.065": "cure | loss[-1]",
            },
        ),
        Exercise(
            "Train for a single epoch. How large is the gap between trap and cure? Which number "
            "of the trap tells that the network itself is fine?",
            "--set epochs=1",
            "0.56 against 0.81. With the statistics of the batch, the trap has an accuracy of "
            "0.80: its weights are good, and only the moving statistics are wrong.",
            {
                "0.56": "trap | accuracy",
                "0.81": "cure | accuracy",
                "0.80": "trap | accuracy, by batch statistics",
            },
        ),
    ),
    "unscaled-input": (
        Exercise(
            "Train for 40 epochs instead of 10. Does the trap catch up?",
            "--set epochs=40",
            "No: its accuracy stays at 0.64, the cure reaches 0.91. The loss of the trap is 215: "
            "wrong answers are given with certainty, and where the softmax is 1, its gradient is "
            "0 for the examples that are right. Time does not repair the start.",
            {
                "0.64": "trap | accuracy[-1]",
                "0.91": "cure | accuracy[-1]",
                "215": "trap | loss[-1]",
            },
        ),
        Exercise(
            "After a single epoch, compare the trap with the network whose pixels are scaled and "
            "nothing else. Which looks better, and which is the better start?",
            "--set epochs=1",
            "The trap looks better: 0.53 against 0.13. Its gradient is 255 times larger, so it "
            "moves faster at the same learning rate. All three changes together reach 0.63: "
            "scaling needs smaller weights and a larger learning rate.",
            {
                "0.53": "trap | accuracy[-1]",
                "0.13": "cure | accuracy, pixels scaled and no more",
                "0.63": "cure | accuracy[-1]",
            },
        ),
        Exercise(
            "How many answers of the trap are certain before training, to the last bit of the "
            "softmax? How can a network that has learned nothing be certain?",
            "",
            "99.7 %. The logits are in the thousands, and softmax sees differences: the largest "
            "of ten random numbers of that size wins by hundreds, which makes its probability 1.",
            {"99.7 %": "trap | certain before training"},
        ),
    ),
    "momentum-schedule": (
        Exercise(
            "Lower the momentum from 0.9 to 0.5. Is there still a difference between the two "
            "rules after the learning rate drops?",
            "--set momentum=0.5",
            "Hardly: the mean of the later losses is 0.375 against 0.373. Old steps are forgotten "
            "within a few steps: each step halves them. With 0.9 the means are 2.23 and 0.32.",
            {
                "0.375": "trap | loss, thereafter.mean",
                "0.373": "cure | loss, thereafter.mean",
                "2.23": "default | trap | loss, thereafter.mean",
                "0.32": "default | cure | loss, thereafter.mean",
            },
        ),
        Exercise(
            "Raise the momentum to 0.98. How large is the last loss of the trap, and of the cure?",
            "--set momentum=0.98",
            "13 against 0.63. With 0.98, a step of the old learning rate still counts after "
            "dozens of steps, and the weights run far past the minimum.",
            {"13": "trap | loss, thereafter[-1]", "0.63": "cure | loss, thereafter[-1]"},
        ),
        Exercise(
            "The learning rate falls from 0.1 to 0.001. Train for 8 epochs, so that the steps at "
            "0.1 are long forgotten. Does the trap recover?",
            "--set epochs=8",
            "Not with this learning rate: the last loss is 0.71 against 0.11. The weights were "
            "moved away at the old rate of 0.1, and must return at 0.001.",
            {"0.71": "trap | loss, thereafter[-1]", "0.11": "cure | loss, thereafter[-1]"},
        ),
    ),
}
