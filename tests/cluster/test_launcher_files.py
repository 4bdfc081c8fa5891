"""The cluster launcher's files against Ray's own schema and reader, and AWS's instances against botocore's."""

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
import ray_side
import yaml
from botocore.exceptions import ParamValidationError
from botocore.validate import validate_parameters
from cluster_files import CLUSTER, LAUNCHER_FILES, ROOT, InRay, changed, ray_process, text_of

Reader = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def in_ray() -> Iterator[InRay]:
    with ray_process() as call:
        yield call


@pytest.fixture
def read(in_ray: InRay) -> Reader:
    """What Ray makes of a file's text. Raises ValueError where Ray refuses it."""
    return lambda text: in_ray(ray_side.read_launcher_file, yaml.safe_load(text))


def _check_instances(config: dict[str, Any]) -> None:
    """Raises ParamValidationError where EC2's RunInstances would not take a node type."""
    call = botocore.session.get_session().get_service_model("ec2").operation_model("RunInstances").input_shape
    for node_type in config["available_node_types"].values():
        validate_parameters({"MinCount": 1, "MaxCount": 1, **node_type["node_config"]}, call)


@pytest.mark.parametrize("name", LAUNCHER_FILES)
def test_ray_reads_the_file(read: Reader, name: str) -> None:
    config = read(text_of(name))

    assert config["cluster_name"] == "suite"
    assert any("ray start --head" in command for command in config["head_start_ray_commands"])


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("aws.yaml", "idle_timeout_minutes", "idle_timeout_minute", "idle_timeout_minute"),
        ("aws.yaml", "min_workers: 0", "min_worker: 0", "min_worker"),
        ("aws.yaml", "ssh_user", "ssh_usr", "ssh_usr"),
        ("aws.yaml", "{CPU: 0}", "{CPU: none}", "'none' is not of type 'integer'"),
        ("aws.yaml", "head_node_type: head", "head_node_type: heads", "must be one of"),
        ("own-machines.yaml", "file_mounts", "file_mount", "file_mount"),
        ("own-machines.yaml", "setup_commands", "setup_command", "setup_command"),
    ],
)
def test_ray_refuses_a_fault(read: Reader, name: str, old: str, new: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(changed(text_of(name), old, new))


def test_own_machines_are_all_started_and_started_again(read: Reader) -> None:
    config = read(text_of("own-machines.yaml"))

    machines = config["provider"]["worker_ips"]
    assert config["available_node_types"]["local.cluster.node"]["min_workers"] == len(machines)
    assert config["max_workers"] == len(machines)


def test_aws_is_asked_for_instances_it_knows(read: Reader) -> None:
    _check_instances(read(text_of("aws.yaml")))


@pytest.mark.parametrize(
    ("old", "new"), [("InstanceType", "InstanceTyp"), ("VolumeSize: 150", "VolumeSize: lots"), ("MarketType", "Market")]
)
def test_aws_refuses_a_fault(read: Reader, old: str, new: str) -> None:
    config = read(changed(text_of("aws.yaml"), old, new))

    with pytest.raises(ParamValidationError):
        _check_instances(config)


@pytest.mark.parametrize("name", LAUNCHER_FILES)
def test_commands_are_shell_and_what_is_copied_exists(read: Reader, name: str) -> None:
    config = read(text_of(name))

    keys = ("setup_commands", "head_setup_commands", "head_start_ray_commands", "worker_start_ray_commands")
    for command in [command for key in keys for command in config[key]]:
        subprocess.run(["bash", "-n", "-c", command], check=True)
    for copied in config["file_mounts"].values():
        assert copied.startswith("~") or (ROOT / copied).exists(), f"{CLUSTER.name}/{name}: there is no {copied}"
