# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # C. Fashion-MNIST
#
# Deep networks, optimizers and regularization, on small synthetic pictures of clothes. The course
# trains for longer; here an epoch shows the effect.
#
# The first cell installs tfmigrate where it is missing. It needs Python 3.11 or newer, no GPU and,
# once installed, no network.

# %%
import importlib.util
import os
import subprocess
import sys

# Keras 3 on TensorFlow in this notebook; tfmigrate sets what its own processes need.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_USE_LEGACY_KERAS"] = "0"
if importlib.util.find_spec("tfmigrate") is None:
    package = ".." if os.path.exists("../pyproject.toml") else "tfmigrate"  # a clone, or elsewhere
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", package], check=True)

import tfmigrate

# %% [markdown]
# ## Depth
#
# Ten layers of SELU instead of a hundred: the variables have an initializer and a seed each.

# %%
tfmigrate.lesson("deep-100", "variables")

# %%
tfmigrate.compare("deep-100", case="SELU", epochs=1, batch_size=128, settings={"num_layers": 10})

# %% [markdown]
# ## Optimizers
#
# TF1's momentum sums gradients, Keras's sums steps. While the learning rate is constant, the two
# differ only by rounding.

# %%
tfmigrate.compare("optimizers", case="momentum", epochs=1, batch_size=128)
