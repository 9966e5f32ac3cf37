"""The exercises of chapter B: MNIST."""

from __future__ import annotations

from ..system import Exercise

EXERCISES: dict[str, tuple[Exercise, ...]] = {
    "softmax": (
        Exercise(
            "Divide the learning rate by ten. Which suffers more, the loss or the accuracy? Why?",
            "--set learning_rate=0.05",
            "The loss: 0.36 instead of 0.11. The accuracy is 0.87 instead of 0.89. The accuracy "
            "asks only which logit is the largest; the loss also asks by how much, and the "
            "weights need many small steps to grow.",
            {
                "0.36": "loss",
                "0.11": "default | loss",
                "0.87": "accuracy",
                "0.89": "default | accuracy",
            },
        ),
        Exercise(
            "Multiply the learning rate by 100. Does training diverge, and do TF1 and TF2 still "
            "agree?",
            "--set learning_rate=50",
            "The loss is 891 in the first epoch, and still jumps in the last. The accuracy is "
            "0.87 all the same: softmax regression has a convex loss, without a place to get "
            "lost. All forms agree bit for bit: the verdict is pass, because agreement does not "
            "depend on good training.",
            {"891": "loss[0]", "0.87": "accuracy", "pass": "verdict"},
        ),
        Exercise(
            "Put 1,000 examples in a batch. How many steps are left, and what would you change "
            "beside the batch size?",
            "--set batch_size=1000",
            "20 instead of 150, and an accuracy of 0.80 instead of 0.89. The number of updates "
            "falls with the batch size; train for more epochs to get them back. The step is too "
            "long besides: the loss of epoch 5 is 4.86.",
            {
                "20": "steps",
                "150": "default | steps",
                "0.80": "accuracy",
                "0.89": "default | accuracy",
                "4.86": "loss[4]",
            },
        ),
    ),
    "mlp": (
        Exercise(
            "Multiply the learning rate by ten. The pixels are between 0 and 255: what happens?",
            "--set learning_rate=0.01",
            "The first steps are so long that the network breaks: the loss is 4.1e6 in the first "
            "epoch, and the accuracy stays at 0.10. From the second epoch on it is always the "
            "same, so the output no longer depends on the input: the hidden units are below 0 for "
            "all examples, where ReLU has no gradient.",
            {"4.1e6": "loss[0]", "0.10": "accuracy"},
        ),
        Exercise(
            "Divide the learning rate by ten instead. The loss at the end is higher: is the "
            "network worse?",
            "--set learning_rate=0.0001",
            "No: the loss is about 90, many times that of the default, but the accuracy is above "
            "0.8 instead of 0.7. With sigma 1 and raw pixels the logits are large, and so is the "
            "loss of each mistake. The loss compares runs of one network; across learning rates, "
            "compare the accuracy on other data.",
            {
                "90": "loss",
                "0.8": "accuracy",
                "0.7": "default | accuracy",
            },
        ),
        Exercise(
            "How many parameters are left with 16 hidden units, and what is the accuracy? Is the "
            "network too small?",
            "--set num_hidden=16",
            "12,730 parameters, and an accuracy of 0.10. It is not too small: mlp-deep with 16 "
            "units learns. Here the first steps are too long, and 16 units are lost sooner than "
            "256: the accuracy is the same in all later epochs. Scale the pixels before you add "
            "units.",
            {"12,730": "parameters", "0.10": "accuracy"},
        ),
    ),
    "fast-loop": (
        Exercise(
            "In the 10 epochs, how often does the loop of the session return to Python, and how "
            "often the fused epoch? Which of the times in the report does that explain?",
            "",
            "The session returns 120 times, once a step; the fused epoch 10 times. What Python "
            "does between two steps is the difference between their times per epoch. The products "
            "of matrices are the same.",
            {"120": "steps"},
        ),
        Exercise(
            "Put 1,024 examples in a batch. The epochs become faster: why is it no gain here?",
            "--set batch_size=1024",
            "There are 20 steps instead of 120, and the accuracy is 0.19 instead of 0.73. "
            "Examples per second measure the machine, not the learning.",
            {
                "20": "steps",
                "120": "default | steps",
                "0.19": "accuracy",
                "0.73": "default | accuracy",
            },
        ),
        Exercise(
            "Raise the learning rate to 0.1. Do all forms still agree? Which one leaves the "
            "others, and what does the report say about it?",
            "--set learning_rate=0.1",
            "The verdict is fail. The losses of the session, of fit and of the fused epoch end at "
            "0.106; XLA adds in another order, and the first steps, with a loss above 100, "
            "enlarge that rounding. The report states that these settings are not those for which "
            "the course shows parity. The accuracy is 0.96, much better than with the default.",
            {"fail": "verdict", "0.106": "TF1 | loss", "0.96": "accuracy"},
        ),
    ),
    "mlp-deep": (
        Exercise(
            "Multiply the learning rate of Adam by 100. What is the loss at the end? (ln 10 is "
            "2.303.)",
            "--set learning_rate=0.1",
            "2.303, the loss of a guess among ten classes, with an accuracy of 0.10. Adam divides "
            "by the size of the gradients, so its steps are about as long as the learning rate, "
            "however small the gradient is: at 0.1 each step is longer than the weights.",
            {"2.303": "loss", "0.10": "accuracy"},
        ),
        Exercise(
            "Give the hidden layers 16 units instead of 256. Which share of the parameters is "
            "left, and which share of the accuracy?",
            "--set num_hidden=16",
            "13,002 of 269,322 parameters, a twentieth. The accuracy after 10 epochs is 0.77 "
            "instead of 0.90, and the loss of the last epoch, 0.76, is still falling: small "
            "networks also need more steps.",
            {
                "13,002": "parameters",
                "269,322": "default | parameters",
                "0.77": "accuracy",
                "0.90": "default | accuracy",
                "0.76": "loss",
            },
        ),
        Exercise(
            "Train for 40 epochs instead of 10. By which factor does the loss fall, and what does "
            "that do to the accuracy on the test set?",
            "--set epochs=40",
            "The loss falls from 0.086 to 0.0054, a sixteenth. The accuracy is 0.91 after 0.90: "
            "the network learns its 1,437 training examples by heart, which says little about "
            "others.",
            {
                "0.086": "default | loss",
                "0.0054": "loss",
                "0.91": "accuracy",
                "0.90": "default | accuracy",
            },
        ),
    ),
    "mlp-dropout": (
        Exercise(
            "Turn dropout off. The training loss falls: is the network better?",
            "--set rate=0",
            "The loss of the session is 0.055 instead of 0.124, the accuracy 0.90 in both. The "
            "loss with dropout is that of a network with holes, so it is higher by design; only "
            "the accuracy, measured without dropout, can be compared.",
            {"0.055": "loss", "0.124": "default | TF1 | loss", "0.90": "accuracy"},
        ),
        Exercise(
            "Drop 90 % of the units. What does the network still learn? A guess has a loss of ln "
            "10, 2.3.",
            "--set rate=0.9",
            "Nearly nothing: a loss of 2.29, where a guess has ln 10, about 2.3, and an accuracy "
            "of 0.17. In each step only about 26 of 256 units remain in a layer, each scaled by "
            "10: the gradients are mostly noise.",
            {"2.29": "loss", "0.17": "accuracy"},
        ),
        Exercise(
            "Keep the rate of 0.3, with 16 units in each hidden layer. Compare the accuracy with "
            "that of tfmigrate compare mlp-deep --set num_hidden=16 after 10 epochs, 0.77.",
            "--set num_hidden=16",
            "0.63 after 12 epochs, where the same network without dropout reached 0.77. A loss of "
            "1.53 shows that it does not even fit its training examples: dropout helps networks "
            "with units to spare.",
            {"0.63": "accuracy", "1.53": "loss"},
        ),
    ),
    "mlp-128": (
        Exercise(
            "Give the network eight hidden layers instead of three. Is deeper better after 5 "
            "epochs?",
            "--case 'three layers' --set num_layers=8",
            "No: the accuracy of the session is 0.79 instead of 0.85, and the loss 0.30 instead "
            "of 0.11. The signal passes eight layers whose initializer, Glorot's, is meant for "
            "tanh: with ReLU it shrinks a little in each layer, and so does the gradient. See "
            "tfmigrate lesson deep-100.",
            {
                "0.79": "TF1 | accuracy",
                "0.85": "default | TF1 | accuracy",
                "0.30": "loss",
                "0.11": "default | loss",
            },
        ),
        Exercise(
            "Put 256 examples in a batch. How many steps of Adam are left in 5 epochs, and what "
            "does the loss say?",
            "--case 'one layer' --set batch_size=256",
            "30 instead of 225. The loss of the last epoch is 0.41 instead of 0.14: an eighth of "
            "the steps, each as long as before. With larger batches, raise the learning rate or "
            "train longer.",
            {"30": "steps", "225": "default | steps", "0.41": "loss", "0.14": "default | loss"},
        ),
        Exercise(
            "Raise the learning rate of Adam to 0.05. Look at the accuracy after each epoch: what "
            "is wrong, though the loss is finite?",
            "--case 'one layer' --set learning_rate=0.05",
            "It jumps, in the session: 0.74 after the fourth epoch and 0.59 after the fifth. "
            "Adam's steps are about as long as the learning rate; at 0.05 they pass the minimum "
            "at each step. A loss that rises again, here to 0.86, is the sign.",
            {"0.74": "TF1 | accuracy[3]", "0.59": "TF1 | accuracy", "0.86": "loss"},
        ),
    ),
    "mlp-regularized": (
        Exercise(
            "Multiply the factor of L2 by about a hundred. The loss explodes; does the accuracy?",
            "--case L2 --set l2=0.1",
            "The loss of the last epoch is 4.98 instead of 0.45, but most of it is the penalty: "
            "half the factor times the squares of all weights. The accuracy is 0.865 after 0.870. "
            "The loss of two runs can be compared only without the penalties.",
            {
                "4.98": "loss",
                "0.45": "default | loss",
                "0.865": "accuracy",
                "0.870": "default | accuracy",
            },
        ),
        Exercise(
            "Raise the factor of L1 to 0.01. Why does the accuracy rise at first, and then fall?",
            "--case L1 --set l1=0.01",
            "It rises to 0.83 in the second and third epoch and ends at 0.375. The gradient of L1 "
            "is the same for small weights as for large ones, so it pulls each weight to 0 at a "
            "constant speed; in the end it has removed those that the network needs.",
            {"0.83": "accuracy[2]", "0.375": "accuracy"},
        ),
        Exercise(
            "Early termination waits for 3 epochs without a gain of 0.01. Let it wait for only 1. "
            "When does it stop, and what does it miss?",
            "--case L2 --set patience=1",
            "After 8 epochs instead of 12, at a validation loss of 0.323 instead of 0.311. The "
            "loss was still falling, by less than 0.01 an epoch. Patience pays for slow progress.",
            {
                "8": "epochs until it stopped",
                "12": "default | epochs until it stopped",
                "0.323": "validation loss, by epoch[-1]",
                "0.311": "default | validation loss, by epoch[-1]",
            },
        ),
    ),
}
