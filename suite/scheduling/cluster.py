"""Ray, started on this machine or joined. Imports ray late: some of Ray's switches are read at import."""

import io
import logging
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from suite.errors import ClusterError
from suite.scheduling.capacity import Capacity
from suite.scheduling.demand import Cluster

_TUNE_ENVIRONMENT = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # one of our trials is not one of Tune's: its log files mean nothing
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Tune's own takes four seconds and returns as if all were well
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",  # our store is the truth; Tune's state is never read back
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
_CONNECT_SECONDS = 5.0
_WORKER_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


@contextmanager
def connected(cluster: Cluster) -> Iterator[Capacity]:
    """Ray, for as long as the block lasts, and what it has to give. Raises ClusterError."""
    os.environ.update(_TUNE_ENVIRONMENT)
    if cluster.address is None:
        _keep_to_ourselves()
    else:
        _check_answers(cluster.address)
    import ray

    options: dict[str, Any] = {"address": cluster.address or "local", "log_to_driver": False}
    if cluster.address is None:
        options |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        os.environ.update(_WORKER_ENVIRONMENT)  # inherited; a runtime_env would cost seconds for workers of its own
    else:
        options["runtime_env"] = {"env_vars": _WORKER_ENVIRONMENT}
    try:
        ray.init(**options, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise _refusal(cluster.address, str(error)) from error
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)  # what is lost, and why, the queue's listener hears
    with redirect_stdout(io.StringIO()):  # where Ray prints a paragraph on each worker that dies
        try:
            yield Capacity.of_cluster(cluster.slots)
        finally:
            ray.shutdown()


def _refusal(address: str | None, text: str) -> ClusterError:
    """What Ray said, in a line."""
    if "auth" in text.lower():
        return ClusterError(
            f"--address {address}: the cluster wants a token (RAY_AUTH_MODE=token with RAY_AUTH_TOKEN or "
            "RAY_AUTH_TOKEN_PATH; the same as the cluster's)"
        )
    detail = text.strip().splitlines()[0] if text.strip() else "no reason given"
    return ClusterError(f"--address {address}: no Ray cluster answers there ({detail})")


def _keep_to_ourselves() -> None:
    """Listen on the loopback interface only, and there only to who knows this run's token."""
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = (
        "0"  # the switch's name is history: off means loopback, everywhere
    )
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def _check_answers(address: str) -> None:
    """Ray itself tries for minutes before it gives up on a host and port."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return  # `auto`: Ray looks for a cluster on this machine
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise ClusterError(f"--address {address}: no Ray cluster answers there ({error})") from None
