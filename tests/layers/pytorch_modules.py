"""Modules as a user of PyTorch writes them, which load the weights of converted networks.

A program of its own, for an interpreter that has torch: ``pytorch_modules.py FOLDER`` runs each
case in FOLDER, ``NAME-state.npz`` (the state_dict) on ``NAME-golden.npz``, and fails where the
outputs differ from those of TensorFlow 1.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

OF_SCALE = 2e-5


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(20, 32)
        self.dense_1 = nn.Linear(32, 5)

    def forward(self, x):
        return self.dense_1(torch.relu(self.dense(x)))


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2, bias=False)
        self.conv1_BatchNorm = nn.BatchNorm2d(8, eps=0.001)
        self.conv2 = nn.Conv2d(8, 12, 3, padding=1, bias=False)
        self.conv2_BatchNorm = nn.BatchNorm2d(12, eps=0.001)
        self.logits = nn.Linear(192, 10)

    def forward(self, x):
        x = nn.functional.pad(x.permute(0, 3, 1, 2), (0, 1, 0, 1))
        x = torch.relu(self.conv1_BatchNorm(self.conv1(x)))
        x = torch.relu(self.conv2_BatchNorm(self.conv2(nn.functional.max_pool2d(x, 2))))
        return self.logits(x.flatten(1))


class Separable(nn.Module):
    def __init__(self):
        super().__init__()
        self.depthwise_conv2d = nn.Conv2d(3, 6, 3, padding=1, groups=3)
        self.separable = nn.ModuleDict(
            {
                "depthwise": nn.Conv2d(6, 12, (3, 2), groups=6, bias=False),
                "pointwise": nn.Conv2d(12, 5, 1),
            }
        )
        self.norm = nn.BatchNorm2d(5, eps=0.001)
        self.flat_norm_1 = nn.BatchNorm1d(120, eps=0.01)
        self.out = nn.Linear(120, 4)

    def forward(self, x):
        x = torch.relu(self.depthwise_conv2d(x.permute(0, 3, 1, 2)))
        x = self.norm(self.separable["pointwise"](self.separable["depthwise"](x)))
        return self.out(self.flat_norm_1(torch.relu(x).flatten(1)))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(5, 72)
        self.up = nn.ConvTranspose2d(6, 5, 2, stride=2)
        self.image = nn.ConvTranspose2d(5, 2, 3)

    def forward(self, x):
        x = torch.relu(self.first(x)).view(-1, 3, 4, 6).permute(0, 3, 1, 2)
        return self.image(torch.relu(self.up(x))).permute(0, 2, 3, 1)


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 4)
        self.register_parameter("positions/bias", nn.Parameter(torch.zeros(6, 4)))
        self.rnn = nn.LSTM(4, 5, batch_first=True)
        self.out = nn.Linear(5, 3)

    def forward(self, ids):
        x = self.table(ids) + getattr(self, "positions/bias")
        return self.out(self.rnn(x)[0][:, -1])


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn_gru = nn.GRU(3, 4, batch_first=True)
        self.out = nn.Linear(4, 3)

    def forward(self, x):
        return self.out(self.rnn_gru(x)[0][:, -1])


class Bidirectional(nn.Module):
    def __init__(self):
        super().__init__()
        self.bidirectional = nn.LSTM(4, 5, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(10, 3)

    def forward(self, x):
        return self.dense(self.bidirectional(x)[0])


MODULES = {
    "train_adam": Mlp,
    "slim_cnn_bn": Cnn,
    "pytorch_separable": Separable,
    "pytorch_decoder": Decoder,
    "pytorch_words": Words,
    "pytorch_both_ways": Bidirectional,
    "cell_gru_cudnn_compatible": Gru,
}


def main(folder):
    for name, make in MODULES.items():
        with np.load(folder / f"{name}-state.npz") as arrays:
            state = {key.replace("%2F", "/"): torch.from_numpy(arrays[key]) for key in arrays}
        module = make()
        module.load_state_dict(state, strict=True)
        module.eval()
        with np.load(folder / f"{name}-golden.npz") as arrays:
            given = torch.from_numpy(arrays["given"])
            expected = arrays["expected"]
        with torch.no_grad():
            made = module(given).numpy()
        assert made.shape == expected.shape, name
        difference = np.abs(made - expected).max() / np.abs(expected).max()
        assert difference <= OF_SCALE, (name, difference)
        print(name, difference)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
