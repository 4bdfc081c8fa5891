"""The KubeRay manifests against Kubernetes' schemas (strictly), KubeRay's fields, and Ray's autoscaler."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import ray_side
import yaml
from cluster_files import MANIFESTS, ROOT, InRay, changed, documents_of, ray_process, text_of

KUBERNETES = "1.34"
QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|[KMGT]i?)?")
KUBERAY = yaml.safe_load((ROOT / "tests/cluster/kuberay.schema.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def in_ray() -> Iterator[InRay]:
    with ray_process() as call:
        yield call


def _cluster_spec(document: dict[str, Any]) -> dict[str, Any]:
    spec = document["spec"]
    return spec["rayClusterSpec"] if document["kind"] == "RayJob" else spec


def _groups(document: dict[str, Any]) -> list[dict[str, Any]]:
    spec = _cluster_spec(document)
    return [spec["headGroupSpec"], *spec["workerGroupSpecs"]]


def _check_all(documents: list[dict[str, Any]]) -> None:
    for document in documents:
        _check(document)


def _check(document: dict[str, Any]) -> None:
    """Raises ValidationError, or AssertionError for what no schema says."""
    if not document["apiVersion"].startswith("ray.io/"):
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
        return
    jsonschema.Draft202012Validator(KUBERAY["$defs"][document["kind"]] | {"$defs": KUBERAY["$defs"]}).validate(document)
    for group in _groups(document):
        pod = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "pod"}, "template": group["template"]}
        kubernetes_validate.validate(pod, KUBERNETES, strict=True)
        _check_pod(group["template"]["spec"])


def _check_pod(pod: dict[str, Any]) -> None:
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    for container in pod["containers"]:
        resources = container["resources"]
        for amount in [*resources["limits"].values(), *resources["requests"].values()]:
            assert QUANTITY.fullmatch(str(amount)), f"{amount} is no quantity"
        assert resources["limits"].get("nvidia.com/gpu") == resources["requests"].get("nvidia.com/gpu")
        mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
        assert mounted <= volumes, f"no volume {mounted - volumes}"


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifest_is_valid(name: str) -> None:
    _check_all(documents_of(name))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("raycluster.yaml", "authOptions", "authOption"),
        ("raycluster.yaml", "mode: token", "mode: tokens"),
        ("raycluster.yaml", "serviceType: ClusterIP", "serviceType: ClusterIp"),
        ("raycluster.yaml", "maxReplicas: 4", "maxReplica: 4"),
        ("raycluster.yaml", 'num-cpus: "0"', "num-cpus: 0"),
        ("raycluster.yaml", "tolerations", "toleration"),
        ("raycluster.yaml", "runAsNonRoot: true", "runAsNonRoot: yes please"),
        ("raycluster.yaml", "memory: 32Gi", "memory: 32GiB"),
        ("raycluster.yaml", "ray.io/v1", "ray.io/v1alpha1"),
        ("rayjob.yaml", "entrypoint", "entryPoint"),
        ("rayjob.yaml", "ttlSecondsAfterFinished: 3600", "ttlSecondsAfterFinished: 1h"),
        ("rayjob.yaml", "mountPath", "path"),
        ("rayjob.yaml", "[{name: results, ", "[{name: result, "),
        ("rayjob.yaml", "accessModes", "accessMode"),
    ],
)
def test_fault_is_refused(name: str, old: str, new: str) -> None:
    faulty = list(yaml.safe_load_all(changed(text_of(name), old, new)))

    with pytest.raises((jsonschema.ValidationError, AssertionError)):
        _check_all(faulty)


def _unknown_start_options(documents: list[dict[str, Any]], known: set[str]) -> set[str]:
    parameters = {f"--{name}" for group in _groups(documents[-1]) for name in group["rayStartParams"]}
    return parameters - known


@pytest.mark.parametrize("name", MANIFESTS)
def test_nodes_start_with_options_that_ray_has(in_ray: InRay, name: str) -> None:
    faulty = list(yaml.safe_load_all(changed(text_of(name), "num-cpus", "num-cpu")))

    known = in_ray(ray_side.commands)["ray start"]
    assert _unknown_start_options(documents_of(name), known) == set()
    assert _unknown_start_options(faulty, known) == {"--num-cpu"}


@pytest.mark.parametrize("name", MANIFESTS)
def test_autoscaler_finds_gpus_on_workers_and_room_for_trials_nowhere_else(in_ray: InRay, name: str) -> None:
    document = documents_of(name)[-1]
    cluster = {"metadata": {"name": "suite", "namespace": "default"}, "spec": _cluster_spec(document)}

    node_types = in_ray(ray_side.autoscaling_of, cluster)["available_node_types"]

    assert node_types["headgroup"]["resources"]["CPU"] == 0
    assert node_types["gpu"]["resources"]["GPU"] == 1
    assert node_types["gpu"]["max_workers"] > 1


def test_job_keeps_its_results_in_the_claim() -> None:
    claim, job = documents_of("rayjob.yaml")

    head = _groups(job)[0]["template"]["spec"]
    assert [volume["persistentVolumeClaim"]["claimName"] for volume in head["volumes"]] == [claim["metadata"]["name"]]
    assert "--results /results" in job["spec"]["entrypoint"]
    assert head["containers"][0]["volumeMounts"][0]["mountPath"] == "/results"
