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
# # D. Other data
#
# Pictures of cats in float64, an autoencoder, and taxi fares. The targets are no longer ten
# classes.
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
# ## An autoencoder
#
# In TF1 a part of the graph runs if you feed one tensor and fetch another. In Keras a part is a
# model that shares its layers.

# %%
tfmigrate.lesson("autoencoder", "models")

# %% [markdown]
# ## Taxi fares
#
# The measure is the root of the mean squared error, in dollars. Keras averages a metric that is a
# plain function over the batches, which is not the same: the second table names it.

# %%
fare = tfmigrate.compare("fare", epochs=1, batch_size=256, settings={"examples": 1000})
fare
