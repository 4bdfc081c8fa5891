"""`python nodes.py FOLDER`: a Ray cluster on this machine, in a process of its own, since Ray reads switches at import.

First line of stdout: `@ HOST:PORT`. Then a line for each line of stdin: `add CPUS` gives the node's number, `remove N`
ends that node without warning, `alive` gives the number of nodes that are there. The end of stdin ends all nodes.
"""

import socket
import sys

from ray.cluster_utils import Cluster


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def main() -> None:
    options = {"include_dashboard": False, "temp_dir": sys.argv[1]}
    cluster = Cluster(
        initialize_head=True,  # without a CPU: no trial runs on the node that nothing may befall
        head_node_args={"num_cpus": 0, "dashboard_agent_listen_port": free_port(), **options},
    )
    nodes = []
    answer = cluster.address
    print(f"@ {answer}", flush=True)
    for line in sys.stdin:
        command, _, number = line.strip().partition(" ")
        if command == "add":
            nodes.append(cluster.add_node(num_cpus=int(number), dashboard_agent_listen_port=free_port()))
            answer = len(nodes) - 1
        elif command == "remove":
            cluster.remove_node(nodes[int(number)], allow_graceful=False)
        elif command == "alive":
            answer = len(cluster.global_state._live_node_ids())
        print(f"@ {answer}", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
