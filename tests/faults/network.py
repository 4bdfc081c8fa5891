"""Hosts of their own on this machine: each a network namespace with a process and a mount namespace, all on one switch.

As root only. A host has its own /dev/shm and its own /tmp/ray, and sees no process of another.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

NETWORK = "10.77.9"
_PORT = 6379
HEALTH = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
}
"""On the head: a host that does not answer is given up after some eight seconds, not after a minute."""


def why_not() -> str | None:
    """Why there can be no such hosts here; None if there can."""
    if os.geteuid() != 0:
        return "network namespaces take root"
    missing = [name for name in ("ip", "unshare", "nsenter", "mount") if not shutil.which(name)]
    if missing:
        return f"not installed: {', '.join(missing)}"
    name = f"probe{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces are not allowed here ({made.stderr.strip()})"
    bridge = ["ip", "-n", name, "link", "add", "br0", "type", "bridge"]
    bridged = subprocess.run(bridge, capture_output=True, text=True, check=False)
    _ip("netns", "del", name)
    return f"no bridges here ({bridged.stderr.strip()})" if bridged.returncode else None


_COUNT = """
import ray, sys
ray.init(address=sys.argv[1], logging_level=50)
print("@", sum(node["Alive"] for node in ray.nodes()))
"""


class Network:
    """A switch; `start` puts a Ray node on a host of its own, the first is the head. All end with `close`."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        self._env = dict(env)
        self._log = log.open("w")
        self._name = f"faults{os.getpid()}"
        self._hosts: list[subprocess.Popen[bytes]] = []
        self._folders = Path(tempfile.mkdtemp(prefix="faults-", dir="/tmp"))
        Path("/tmp/ray").mkdir(exist_ok=True)
        _ip("netns", "add", self._switch)
        _ip("-n", self._switch, "link", "add", "br0", "type", "bridge")
        _ip("-n", self._switch, "link", "set", "br0", "up")

    @property
    def address(self) -> str:
        """Of the cluster."""
        return f"{NETWORK}.1:{_PORT}"

    @property
    def _switch(self) -> str:
        return f"{self._name}-sw"

    def start(self, cpus: int) -> int:
        """The host's number."""
        number = len(self._hosts)
        name, here = f"{self._name}-{number}", f"{NETWORK}.{number + 1}"
        self._plug_in(name, number, here)
        folder = self._folders / str(number)
        folder.mkdir()
        head = ["--head", f"--port={_PORT}", "--include-dashboard=false"]
        role = [f"--address={self.address}"] if number else head
        ray = ["ray", "start", *role, f"--node-ip-address={here}", f"--num-cpus={cpus}", "--block"]
        ray += ["--object-store-memory=100000000", "--disable-usage-stats"]
        script = 'mount --bind "$0" /tmp/ray && mount -t tmpfs tmpfs /dev/shm && exec "$@"'
        alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc"]
        self._hosts.append(
            subprocess.Popen(
                ["ip", "netns", "exec", name, *alone, "bash", "-c", script, str(folder), *ray],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
            )
        )
        return number

    def on(self, number: int) -> Sequence[str]:
        """What to put before a command to run it on that host."""
        return ["nsenter", "-t", str(self._first_process(number)), "-n", "-m", "-p", "--wd=."]

    def alive(self) -> int:
        """Nodes that the cluster counts, the head among them."""
        asked = subprocess.run(
            [*self.on(0), "python", "-c", _COUNT, self.address],
            env=self._env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return next((int(line[2:]) for line in asked.stdout.splitlines() if line.startswith("@ ")), 0)

    def cut(self, number: int) -> None:
        """Nothing gets to that host or from it any more."""
        _ip("-n", self._switch, "link", "set", f"p{number}", "down")

    def heal(self, number: int) -> None:
        """The link is there again."""
        _ip("-n", self._switch, "link", "set", f"p{number}", "up")

    def close(self) -> None:
        """Hosts, links and switch."""
        for number, host in enumerate(self._hosts):
            if host.poll() is None:
                os.kill(self._first_process(number), signal.SIGKILL)  # with it goes all that runs on the host
            host.wait(timeout=30)
        for number in range(len(self._hosts)):
            _ip("netns", "del", f"{self._name}-{number}")
        _ip("netns", "del", self._switch)
        self._log.close()
        shutil.rmtree(self._folders, ignore_errors=True)

    def _plug_in(self, name: str, number: int, here: str) -> None:
        _ip("netns", "add", name)
        _ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", f"p{number}", "netns", self._switch)
        _ip("-n", self._switch, "link", "set", f"p{number}", "master", "br0", "up")
        _ip("-n", name, "addr", "add", f"{here}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            _ip("-n", name, "link", "set", link, "up")

    def _first_process(self, number: int) -> int:
        """The host's process 1, as seen from here: the child of `unshare`."""
        pid = self._hosts[number].pid
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if children:
                return int(children[0])
            time.sleep(0.05)
        raise AssertionError(f"no host: {Path(self._log.name).read_text()}")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
