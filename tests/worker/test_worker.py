"""A worker's life: jobs, refusals, and every way to die."""

from __future__ import annotations

import os
import signal

import pytest
from tfmigrate.errors import UserError
from tfmigrate.worker import Worker, WorkerError

pytestmark = pytest.mark.xdist_group("worker")


@pytest.fixture(scope="module")
def worker():
    with Worker() as worker:
        worker.call("doctor")
        yield worker


def test_the_doctor_names_what_parity_depends_on(worker):
    found = worker.call("doctor").data
    assert found["tensorflow"].startswith("2.21.")
    assert found["keras"].startswith("3.")
    assert found["tf.keras"] == "tf-keras (Keras 2)"  # tf.compat.v1.layers works only so
    assert "/physical_device:CPU:0" in [device["name"] for device in found["devices"]]


def test_tensorflows_own_log_is_kept_from_the_terminal(worker, capfd):
    worker.call("doctor")
    assert capfd.readouterr() == ("", "")


def test_a_job_that_does_not_exist_is_a_bug_with_a_trace(worker):
    with pytest.raises(RuntimeError, match="KeyError: 'nonsense'"):
        worker.call("nonsense")


def test_what_a_job_refuses_reaches_the_caller_in_its_parts(worker):
    with pytest.raises(UserError) as caught:
        worker.call(
            "train", {"device": "gpu:7", "logical_cpus": 1, "form": "session", "module": "x"}
        )
    assert "there is no device gpu:7: TensorFlow sees CPU:0" in caught.value.problem


def test_a_worker_that_is_killed_is_reported_by_signal():
    with Worker("victim") as worker:
        os.kill(worker._process.pid, signal.SIGSEGV)
        with pytest.raises(
            WorkerError, match=r"victim process was terminated by SIGSEGV during doctor"
        ):
            worker.call("doctor")


def test_a_worker_that_hangs_is_ended():
    with Worker("sleeper") as worker:
        os.kill(worker._process.pid, signal.SIGSTOP)
        with pytest.raises(
            WorkerError, match=r"did not respond for 0\.5 s during doctor; try a larger"
        ):
            worker.call("doctor", timeout=0.5)
        assert worker._process.poll() is not None


def test_leaving_the_block_ends_the_process():
    with pytest.raises(KeyboardInterrupt), Worker() as worker:
        raise KeyboardInterrupt
    assert worker._process.poll() is not None


def test_a_memory_limit_ends_in_one_line():
    with (
        Worker("small", memory_limit=200 << 20) as worker,
        pytest.raises(WorkerError, match="small"),
    ):
        worker.call("doctor")
