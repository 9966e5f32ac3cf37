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
# # E. The life of a model
#
# Save and restore, export, summaries. The checkpoint of the TF1 program is read without
# TensorFlow, and its weights move to Keras.
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
# ## Save and restore
#
# How many bytes of numbers has a checkpoint with 10 units on 2 inputs? Compute it before you run
# the cell.

# %%
tfmigrate.compare("save-restore", settings={"num_units": 10})

# %% [markdown]
# ## Summaries
#
# TF1 has only variables; Keras has layers. Both count the same parameters.

# %%
tfmigrate.compare("summary", settings={"num_hidden": 128})

# %% [markdown]
# ## Export
#
# A SavedModel and a JSON request. After a single step of training the server answers, and the
# answers are wrong: an export has no accuracy.

# %%
tfmigrate.compare("export", settings={"steps": 1})
