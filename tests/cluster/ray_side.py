"""What the tests ask of Ray, in a process of its own: Ray reads switches at import that other tests set first."""

from typing import Any


def read_launcher_file(written: dict[str, Any]) -> dict[str, Any]:
    """What `ray up` makes of a file before it asks any machine. Raises ValueError where Ray refuses it."""
    import jsonschema
    from ray.autoscaler._private.util import prepare_config, validate_config

    try:
        prepared: dict[str, Any] = prepare_config(written)
        validate_config(prepared)
    except jsonschema.ValidationError as error:
        raise ValueError(error.message) from None
    return prepared


def autoscaling_of(cluster: dict[str, Any]) -> dict[str, Any]:
    """What Ray's autoscaler reads in a RayCluster."""
    from ray.autoscaler._private.kuberay.autoscaling_config import _derive_autoscaling_config_from_ray_cr

    config: dict[str, Any] = _derive_autoscaling_config_from_ray_cr(cluster)
    return config


def commands() -> dict[str, set[str]]:
    """The options of every command of `ray`."""
    from cluster_files import options_by_command
    from ray.scripts.scripts import cli

    return options_by_command("ray", cli)
