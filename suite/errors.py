"""Every exception the suite raises on purpose.

SuiteError
├── InputError (ValueError)      a user's mistake: one line per problem, exit code 2, no traceback
│   ├── SpecError                an ablation or workload file
│   ├── DataError                a data set: missing, corrupt, no space
│   ├── StoreError               the results folder
│   └── ClusterError             an address, or resources that can never be had
└── TrialError                   a trial that could not be run (not one that diverged: that is a result)
"""

from collections.abc import Sequence
from dataclasses import dataclass


class SuiteError(Exception):
    """Root of the tree."""


class InputError(SuiteError, ValueError):
    """A user's mistake; the message names the thing, the value and what is accepted."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with a file: where (file, dotted key path) and what (value, what is accepted)."""

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        return f"{where}: {self.message}"


class SpecError(InputError):
    """All problems of the files read, each on one line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DataError(InputError):
    """A data set that cannot be found, read, verified or written."""


class StoreError(InputError):
    """A results folder that cannot be read or written."""


class ClusterError(InputError):
    """An address that does not answer, or resources that the cluster will never have."""


class TrialError(SuiteError):
    """A trial that could not be run."""
