"""The job behind ``tfmigrate doctor``: what TensorFlow says of itself, its devices and settings."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from . import confine
from .events import Event


def run(
    request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Collects versions, devices and float settings."""
    import keras
    import tensorflow as tf
    import tf_keras

    build = tf.sysconfig.get_build_info()
    devices = []
    for device in tf.config.list_physical_devices():
        details = tf.config.experimental.get_device_details(device)
        devices.append(
            {"name": device.name, "type": device.device_type, "details": details.get("device_name")}
        )
    return {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "tf_keras": tf_keras.__version__,
        "keras_backend": keras.backend.backend(),
        "keras_floatx": keras.config.floatx(),
        "tf.keras": "tf-keras (Keras 2)" if "tf_keras" in tf.keras.__name__ else "Keras 3",
        "cuda_version": build.get("cuda_version"),
        "built_with_cuda": tf.test.is_built_with_cuda(),
        "devices": devices,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0",
        "tf32": tf.config.experimental.tensor_float_32_execution_enabled(),
        "intra_op_threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "inter_op_threads": tf.config.threading.get_inter_op_parallelism_threads(),
        "worker": _confinement(),
    }, {}


def _confinement() -> str:
    """What keeps a stranger's graph from this machine, beside the list of what may run."""
    found = confine.applied()
    if found["landlock"] is None:
        return "limited in time and open files; the system has no Landlock to shut off files"
    parts = ["writes no files but its output", "starts no programs"]
    parts += ["opens no connections"] if found["network"] else []
    return f"{', '.join(parts)} (Landlock {found['landlock']})"
