"""What holds in every file of `cluster/`: the token is on, dashboards are closed, no secrets, one version of Ray."""

import re

import pytest
import yaml
from cluster_files import FILES, LAUNCHER_FILES, MANIFESTS, blocks_of, changed, text_of

SECRETS = {
    "a long random word": r"\b(?=[A-Za-z0-9+]*[0-9])(?=[A-Za-z0-9+]*[A-Za-z])[A-Za-z0-9+]{24,}\b",
    "an AWS key": r"\b(AKIA|ASIA)[A-Z0-9]{12,}",
    "a private key": r"BEGIN [A-Z ]*PRIVATE KEY",
    "a password in an address": r"://[^/\s:@]+:[^/\s:@]+@",
    "a token in clear": r"(?i)\b\w*(token|password|secret|access_key)\s*[=:]\s*[\"']?(?![\"']?[$~({])(?=\w*\d)\w{6,}",
}


# --- the token ------------------------------------------------------------------------------------------------------


def _starts_ray_without_token(name: str, text: str) -> list[str]:
    """Places that start Ray where the token's mode or its place is left open."""
    if name in MANIFESTS:
        specs = [document["spec"] for document in yaml.safe_load_all(text) if document["apiVersion"] == "ray.io/v1"]
        clusters = [spec.get("rayClusterSpec", spec) for spec in specs]
        return [name for cluster in clusters if cluster.get("authOptions", {}).get("mode") != "token"]
    if name in LAUNCHER_FILES:
        config = yaml.safe_load(text)
        commands = config["head_start_ray_commands"] + config["worker_start_ray_commands"]
        places = [command for command in commands if "ray start" in command]
    elif name.endswith(".md"):
        blocks = blocks_of(text)
        places = [block for block in blocks if "ray start" in block]
        places.append("\n".join(blocks[: next(i for i, block in enumerate(blocks) if "suite submit" in block)]))
    else:
        places = [text]
    wanted = r"RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=\S+"
    return [place for place in places if not re.search(wanted, place)]


def _starts_ray(name: str) -> bool:
    return bool(re.search(r"ray start|symmetric-run|^kind: Ray", text_of(name), re.MULTILINE))


def test_these_files_start_ray() -> None:
    assert {name for name in FILES if _starts_ray(name)} == {*LAUNCHER_FILES, *MANIFESTS, "slurm.sh", "README.md"}


@pytest.mark.parametrize("name", [name for name in FILES if _starts_ray(name)])
def test_token_is_on(name: str) -> None:
    assert _starts_ray_without_token(name, text_of(name)) == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("aws.yaml", "RAY_AUTH_MODE=token ", ""),
        ("own-machines.yaml", "RAY_AUTH_TOKEN_PATH=~/.suite_token", ""),
        ("raycluster.yaml", "  authOptions: {mode: token} ", "  #"),
        ("rayjob.yaml", "mode: token", "mode: disabled"),
        ("slurm.sh", "RAY_AUTH_MODE=token ", ""),
        ("README.md", "export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=~/.suite_token\n   ray", "ray"),
    ],
)
def test_missing_token_is_found(name: str, old: str, new: str) -> None:
    assert _starts_ray_without_token(name, changed(text_of(name), old, new))


def test_image_asks_for_a_token_and_has_none() -> None:
    assert "\nENV RAY_AUTH_MODE=token\n" in text_of("Dockerfile")
    assert "RAY_AUTH_TOKEN" not in text_of("Dockerfile")


# --- the dashboard --------------------------------------------------------------------------------------------------


def _open_dashboards(name: str, text: str) -> list[str]:
    """Lines that open a dashboard, or start a head without saying where its dashboard listens."""
    if name in MANIFESTS:
        documents = list(yaml.safe_load_all(text))
        clusters = [
            item["spec"].get("rayClusterSpec", item["spec"]) for item in documents if "ray" in item["apiVersion"]
        ]
        return [name for cluster in clusters if cluster["headGroupSpec"].get("serviceType") != "ClusterIP"]
    joined = re.sub(r"\\?\n\s+--", " --", text)  # a command goes on where a line begins with an option
    heads = re.findall(r"ray (?:start --head|symmetric-run) .*", joined)
    closed = [head for head in heads if re.search(r"--dashboard-host[= ]127\.0\.0\.1", head)]
    return [*(line for line in text.splitlines() if "0.0.0.0" in line), *(head for head in heads if head not in closed)]


@pytest.mark.parametrize("name", FILES)
def test_dashboard_is_closed(name: str) -> None:
    assert _open_dashboards(name, text_of(name)) == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("aws.yaml", "--dashboard-host=127.0.0.1", "--dashboard-host=0.0.0.0"),
        ("own-machines.yaml", "--dashboard-host=127.0.0.1 ", ""),
        ("slurm.sh", "--dashboard-host 127.0.0.1 ", ""),
        ("README.md", "--dashboard-host 127.0.0.1 ", ""),
        ("raycluster.yaml", "serviceType: ClusterIP", "serviceType: LoadBalancer"),
        ("rayjob.yaml", "serviceType: ClusterIP ", "# "),
    ],
)
def test_open_dashboard_is_found(name: str, old: str, new: str) -> None:
    assert _open_dashboards(name, changed(text_of(name), old, new))


# --- secrets, versions ----------------------------------------------------------------------------------------------


def _secrets(text: str) -> list[str]:
    return [kind for kind, pattern in SECRETS.items() if re.search(pattern, text)]


@pytest.mark.parametrize("name", FILES)
def test_no_secret_is_in_a_file(name: str) -> None:
    assert _secrets(text_of(name)) == []


@pytest.mark.parametrize(
    "line",
    [
        "RAY_AUTH_TOKEN=" + "0f1e2d3c" * 8,
        "auth_token: hunter22",
        "aws_access_key_id: AKIA" + "ABCDEFGH12345678",
        "-----BEGIN RSA PRIVATE KEY-----",
        "https://someone:pass123@example.org/",
    ],
)
def test_secret_would_be_found(line: str) -> None:
    assert _secrets(line)


def test_all_files_name_one_version_of_ray() -> None:
    named = {
        name: set(re.findall(r"(?:ray\[default,tune\]==|rayVersion: \")([0-9.]+)", text_of(name))) for name in FILES
    }
    (version,) = set().union(*named.values())

    assert {name for name, versions in named.items() if versions} == {
        *LAUNCHER_FILES,
        *MANIFESTS,
        "Dockerfile",
        "README.md",
    }
    assert f"the same Ray: {version}," in text_of("README.md")
