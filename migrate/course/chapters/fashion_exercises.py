"""The exercises of chapter C: Fashion-MNIST."""

from __future__ import annotations

from ..system import Exercise

EXERCISES: dict[str, tuple[Exercise, ...]] = {
    "activations": (
        Exercise(
            "After one epoch of plain gradient descent with a learning rate of 0.001 the network "
            "still guesses. Multiply the learning rate by 100. What is the accuracy now?",
            "--case SELU --set epochs=1 --set learning_rate=0.1",
            "0.85 instead of 0.19. Nothing was wrong with SELU: 38 steps of 0.001 are too short. "
            "Compare activations only at learning rates that suit each of them.",
            {"0.85": "accuracy", "0.19": "default | accuracy"},
        ),
        Exercise(
            "Do the same with ELU. The accuracy after one epoch is the same, 0.85, and the loss "
            "of SELU was 1.4; which number distinguishes the two, and why is it lower?",
            "--case ELU --set epochs=1 --set learning_rate=0.1",
            "The mean loss of the epoch: 0.85 with ELU; with SELU it is 1.4. SELU expects inputs "
            "with mean 0 and deviation 1, and pixels from 0 to 1 are not: see tfmigrate lesson "
            "deep-100, which standardizes them.",
            {"0.85": "loss"},
        ),
        Exercise(
            "With LeakyReLU and the default learning rate, the accuracy after one epoch is below "
            "a tenth. Is the network worse than a guess?",
            "--case LeakyReLU --set epochs=1",
            "No: 0.04 of 300 examples, after 38 steps of 0.001, is an untrained network that "
            "prefers a few classes. The loss of 2.44 is above that of a guess, which says the "
            "same: the random weights still decide.",
            {"0.04": "accuracy", "2.44": "loss"},
        ),
    ),
    "deep-100": (
        Exercise(
            "Take away 90 of the 100 hidden layers, with ReLU. Is the network that is left easy "
            "to train?",
            "--case ReLU --set epochs=1 --set num_layers=10",
            "Not yet with a learning rate of 0.001: after one epoch the accuracy is 0.27. With "
            "ten layers the problem is the number of steps, not the depth: the signal survives.",
            {"0.27": "accuracy"},
        ),
        Exercise(
            "Do the same with SELU. ReLU had an accuracy of 0.27: which of the two has the better "
            "start, and why?",
            "--case SELU --set epochs=1 --set num_layers=10",
            "SELU: an accuracy of 0.76 after one epoch, where ReLU has 0.27. SELU keeps mean 0 "
            "and deviation 1 in each layer, so all layers get gradients of about the same size "
            "from the first step on.",
            {"0.76": "accuracy"},
        ),
        Exercise(
            "Raise the learning rate of the ten layers of SELU to 0.01. What is the accuracy "
            "after one epoch? Would you have found out with a hundred layers?",
            "--case SELU --set epochs=1 --set num_layers=10 --set learning_rate=0.01",
            "0.87, with a loss of 0.54. A network with a hundred layers needs ten times the time "
            "for the same test: find hyperparameters with a small network, and then check them "
            "with the large one.",
            {"0.87": "accuracy", "0.54": "loss"},
        ),
    ),
    "batch-norm": (
        Exercise(
            "After one epoch with a learning rate of 0.001 the accuracy is near a guess. What "
            "does a learning rate of 0.1 do to a network with batch normalization?",
            "--case after --set epochs=1 --set learning_rate=0.1",
            "The accuracy is 0.80 instead of 0.12, and the loss of the epoch 0.41 instead of "
            "2.56. Batch normalization makes each layer independent of the size of its weights, "
            "so it bears large learning rates: this is half of its use.",
            {
                "0.80": "accuracy",
                "0.12": "default | accuracy",
                "0.41": "loss",
                "2.56": "default | loss",
            },
        ),
        Exercise(
            "Why has the network with batch normalization before the activation fewer parameters?",
            "--case before --set epochs=1",
            "270,946: its hidden layers have no bias. The mean is subtracted right after the "
            "product, which removes a bias, and the offset of the batch normalization takes its "
            "place: 300 + 100 numbers less.",
            {"270,946": "parameters"},
        ),
        Exercise(
            "Put 4 examples in a batch. Why is the accuracy higher after one epoch, and why do "
            "TF1 and TF2 differ more?",
            "--case after --set epochs=1 --set batch_size=4",
            "The accuracy is 0.78 instead of 0.12, because the epoch has 300 steps instead of 38. "
            "The variance of 4 examples can be nearly 0, and dividing by it enlarges the last "
            "bits, in which the two sides sum differently. On some processors the verdict is fail; "
            "the course shows parity for the defaults.",
            {
                "0.78": "accuracy",
                "0.12": "default | accuracy",
                "300": "steps",
                "38": "default | steps",
            },
        ),
    ),
    "optimizers": (
        Exercise(
            "Give plain gradient descent a learning rate of 0.1 instead of 0.001. How far is it "
            "from Adam after one epoch, which has 0.96 at 0.001?",
            "--case SGD --set epochs=1 --set learning_rate=0.1",
            "0.85 instead of 0.12. Much of the lead of Adam at the same learning rate is the "
            "length of its steps: they do not depend on the size of the gradient.",
            {"0.85": "accuracy", "0.12": "default | accuracy"},
        ),
        Exercise(
            "Give Adam the learning rate 0.1 too. Does it also gain?",
            "--case Adam --set epochs=1 --set learning_rate=0.1",
            "It loses: in the session 0.59 instead of 0.96, with a mean loss of 86. A step of "
            "Adam is about as long as the learning rate for every weight; 0.1 is longer than most "
            "weights. A learning rate says nothing without its optimizer.",
            {"0.59": "TF1 | accuracy", "0.96": "default | accuracy", "86": "TF1 | loss"},
        ),
        Exercise(
            "Adagrad divides by the root of the sum of all squared gradients so far. Give it the "
            "learning rate 0.1 as well: does it suffer like Adam?",
            "--case Adagrad --set epochs=1 --set learning_rate=0.1",
            "Less: the accuracy is 0.54 after 0.51 with 0.001, though the mean loss is 7.3. The "
            "first steps are as long as those of Adam, but the sum only grows, so the steps "
            "shrink by themselves.",
            {"0.54": "accuracy", "0.51": "default | accuracy", "7.3": "loss"},
        ),
    ),
    "regularization": (
        Exercise(
            "Drop 80 % of the units instead of 20 %. What is the accuracy after one epoch, and "
            "what is the training loss?",
            "--case dropout --set epochs=1 --set dropout=0.8",
            "0.19 instead of 0.90, and a loss of 8.4 instead of 0.83. The units that remain are "
            "scaled by 5, and inputs are dropped too: the network sees a fifth of each picture.",
            {
                "0.19": "accuracy",
                "0.90": "default | accuracy",
                "8.4": "loss",
                "0.83": "default | loss",
            },
        ),
        Exercise(
            "Let the weights of a unit have a norm of at most 0.1. Which accuracy is left after "
            "one epoch? Does the loss contain a penalty?",
            "--case max-norm --set epochs=1 --set max_norm=0.1",
            "0.22 instead of 0.97. There is no penalty in the loss of 2.28: max-norm cuts the "
            "weights after each update, so the logits stay small, and all classes keep nearly the "
            "same probability.",
            {"0.22": "accuracy", "0.97": "default | accuracy", "2.28": "loss"},
        ),
        Exercise(
            "Multiply the factor of L2 by 100, to 1. The loss is in the hundreds: which part of "
            "it is the penalty?",
            "--case L2 --set epochs=1 --set l2=1",
            "Nearly all of 500: a guess among ten classes has a cross-entropy of ln 10. The "
            "accuracy is 0.46 instead of 0.96, because the gradient of the penalty pulls the "
            "weights to 0 faster than the data can hold them.",
            {"500": "loss", "0.46": "accuracy", "0.96": "default | accuracy"},
        ),
    ),
    "mc-dropout": (
        Exercise(
            "Predict once with dropout instead of a hundred times, after one epoch. What happens "
            "to the accuracy and to the deviation?",
            "--set epochs=1 --set samples=1",
            "The accuracy is 0.823 instead of 0.853, and the deviation is 0: one sample is a "
            "single network with holes. The mean of a hundred of them is better than each.",
            {
                "0.823": "accuracy, mean",
                "0.853": "default | accuracy, mean",
                "0": "probabilities, deviation.max",
            },
        ),
        Exercise(
            "After one epoch, how certain is the network about the first example with dropout "
            "off, and how much does dropout change that?",
            "--set epochs=1",
            "0.72 with dropout off; over a hundred samples a mean of 0.65 with a deviation of "
            "0.16. The mean would look certain enough: the deviation is what Monte-Carlo dropout "
            "adds.",
            {
                "0.72": "probabilities, dropout off[0]",
                "0.65": "probabilities, mean[0]",
                "0.16": "probabilities, deviation[0]",
            },
        ),
        Exercise(
            "Are 10 samples enough? Compare the accuracy of their mean with dropout off.",
            "--set samples=10",
            "0.863 against 0.873 with dropout off. On pictures like those in training there is "
            "little to gain; what the samples are for is the deviation, which is up to 0.33.",
            {
                "0.863": "accuracy, mean",
                "0.873": "accuracy, dropout off",
                "0.33": "probabilities, deviation.max",
            },
        ),
    ),
    "transfer": (
        Exercise(
            "Train each network for 6 epochs instead of 20. How large is the advantage of the "
            "transferred layers, and when is it worth most?",
            "--set epochs=6",
            "0.984 against 0.978 from scratch: one picture. The loss of the transferred network "
            "is still higher, 0.44 against 0.32, because its layers were frozen in 4 of the 6 "
            "epochs. Transfer pays where there are few examples, not few epochs.",
            {
                "0.984": "B on A: accuracy",
                "0.978": "B from scratch: accuracy",
                "0.44": "B on A: loss by epoch[-1]",
                "0.32": "B from scratch: loss by epoch[-1]",
            },
        ),
        Exercise(
            "Freeze the transferred layers for 1 epoch instead of 4. Is the loss after 20 epochs "
            "lower? What is the risk?",
            "--set frozen=1",
            "Slightly: 0.090 instead of 0.096. The new output layer starts with random weights, "
            "and its large gradients would spoil good layers below it; here one epoch is enough "
            "to calm it.",
            {"0.090": "B on A: loss by epoch[-1]", "0.096": "default | B on A: loss by epoch[-1]"},
        ),
        Exercise(
            "After the first epoch, the network from scratch is ahead of the transferred one, "
            "though the latter starts from a trained network. Why?",
            "--set epochs=6",
            "0.63 against 0.73: in the first epochs only the output layer of the transferred "
            "network learns, on features that were made for eight other classes. Once all layers "
            "train, it overtakes.",
            {"0.63": "B from scratch: loss by epoch[0]", "0.73": "B on A: loss by epoch[0]"},
        ),
    ),
    "schedules": (
        Exercise(
            "Train for 2 epochs with 1cycle. The exponential schedule reaches 0.86 in that time: "
            "why is 1cycle so much better?",
            "--case 1cycle --set epochs=2",
            "0.94: it raises the learning rate up to five times that of the others, and lowers it "
            "again before the end. The schedule knows how many steps there are, so another number "
            "of epochs needs another schedule.",
            {"0.94": "accuracy"},
        ),
        Exercise(
            "The finder raises the learning rate up to 10 and notes the loss of each step. At "
            "which rate is the loss least? Why do you choose a lower one?",
            "--case power --set epochs=2 --set patience=1",
            "At 0.106. That is the edge: behind it the loss explodes, to more than 1e13. The rate "
            "at which the loss falls fastest is several times lower; the schedules begin at a "
            "tenth of it.",
            {"0.106": "finder: rate of the least loss"},
        ),
        Exercise(
            "The exponential schedule starts at 0.01 and divides the rate by ten every 20 epochs. "
            "Which rate has it reached after 2 epochs, and does the number of epochs change it?",
            "--case exponential --set epochs=2",
            "A tenth to the power of 2/20, four fifths of the initial rate, for any number of "
            "epochs: unlike 1cycle, it depends only on the step. The accuracy is 0.86.",
            {"0.86": "accuracy"},
        ),
    ),
}
