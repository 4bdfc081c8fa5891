"""Why a trial could not be run, in words that mean something to who trains models, and how often it is tried again."""

GPU_MEMORY = "out of memory on the GPU"
HOST_MEMORY = "out of memory on the host"
NODE_LOST = "its worker's node was lost"
STALLED = "no epoch ended within"
WORKER_DIED = "its worker died (killed or crashed)"

_SIGNS = {
    "low on memory": HOST_MEMORY,
    "node is marked dead": NODE_LOST,
    "node was preempted": NODE_LOST,
    "node has died": NODE_LOST,
    "node is dead": NODE_LOST,
    "is temporarily unavailable": NODE_LOST,
    "actor died": WORKER_DIED,
}
"""What Ray's own error texts contain, the more telling first."""

ANY = ""
ATTEMPTS = {GPU_MEMORY: 2, HOST_MEMORY: 2, NODE_LOST: 10, ANY: 3}
"""How often a trial is tried that is lost again and again. Memory: once more, with more of it. A node that is taken
away says nothing of the trial, unless that happens always."""


def in_words(text: str, otherwise: str = "") -> str:
    """Ray's record of a task's end as one of the reasons above; else `otherwise`, or its last line, which says most."""
    last = text.strip().rpartition("\n")[2].strip()
    return next((meaning for sign, meaning in _SIGNS.items() if sign in text), otherwise or last or "no reason given")


def of_exception(error: Exception) -> str:
    """What a trial raised: the GPU's memory, or the exception itself."""
    if type(error).__name__ == "OutOfMemoryError":  # torch's; this floor does not import it for a name
        return f"{GPU_MEMORY} ({str(error).partition('. ')[0]})"
    return f"{type(error).__name__}: {error}"


def kind(reason: str) -> str:
    """The key of `ATTEMPTS`."""
    return next((start for start in ATTEMPTS if reason.startswith(start)), ANY)
