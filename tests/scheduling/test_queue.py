"""The queue: every trial once, retries, batches, budgets. Pure, so tested without Ray."""

from collections.abc import Iterable, Mapping

import pytest
from stand_ins import made_up

from suite.scheduling import losses
from suite.scheduling.demand import Demand
from suite.scheduling.queue import TrialQueue, failed_result
from suite.scheduling.wire import attempts_from_text, attempts_to_text, results_from_text, results_to_text
from suite.spec.trials import Trial
from suite.trial_result import TrialResult


def trial(seed: int) -> Trial:
    return Trial(
        settings={"optimizer.lr": 0.1, "betas": (0.9, 0.99)}, seed=seed, purpose="tuning", data_fingerprint="d"
    )


class Log:
    def __init__(self) -> None:
        self.results: list[TrialResult] = []
        self.retries: list[tuple[str, int, str]] = []

    def finished(self, trial: Trial, result: TrialResult) -> None:
        self.results.append(result)

    def retried(self, trial: Trial, attempt: int, reason: str) -> None:
        self.retries.append((trial.id, attempt, reason))


def queue_of(trials: Iterable[Trial], log: Log, *, seconds: float | None = None, **options: int) -> TrialQueue:
    wanted = list(trials)

    def needed(results: Mapping[str, TrialResult]) -> list[Trial]:
        return [item for item in wanted if item.id not in results]

    return TrialQueue(needed, {}, listener=log, estimate=lambda _: seconds, **options)


def drain(queue: TrialQueue) -> list[int]:
    sizes = []
    while not queue.is_done():
        batch = queue.next_batch()
        sizes.append(len(batch))
        for attempt in batch:
            queue.finish(made_up(attempt.trial))
    return sizes


def test_every_trial_is_handed_out_once_and_recorded() -> None:
    log = Log()
    queue = queue_of(map(trial, range(10)), log)
    drain(queue)
    assert sorted(result.seed for result in log.results) == list(range(10))
    assert set(queue.results) == {trial(seed).id for seed in range(10)}


def test_two_ablations_that_need_the_same_trial_share_it() -> None:
    log = Log()
    drain(queue_of([trial(1), trial(2), trial(1)], log))
    assert [result.seed for result in log.results] == [1, 2]


def test_a_stage_that_depends_on_the_one_before_waits_for_it() -> None:
    first, second = trial(1), trial(2)

    def needed(results: Mapping[str, TrialResult]) -> list[Trial]:
        wanted = [first] if first.id not in results else [second]
        return [item for item in wanted if item.id not in results]

    queue = TrialQueue(needed, {}, listener=Log(), estimate=lambda _: None)
    (attempt,) = queue.next_batch()
    assert attempt.trial == first
    assert queue.next_batch() == ()
    assert not queue.is_done()
    queue.finish(made_up(first))
    (attempt,) = queue.next_batch()
    assert attempt.trial == second


def test_a_crash_is_tried_again_then_recorded_as_failed_with_its_reason() -> None:
    log = Log()
    queue = queue_of([trial(1)], log)
    for _ in range(losses.ATTEMPTS[losses.ANY]):
        (attempt,) = queue.next_batch()
        queue.lose([attempt.trial.id], "its worker died")
    assert queue.is_done()
    assert [attempt for _, attempt, _ in log.retries] == [2, 3]
    assert [(result.status, result.reason, result.attempt) for result in log.results] == [
        ("failed", "its worker died", 3)
    ]


def test_a_batch_that_dies_gives_back_only_what_it_had_not_finished() -> None:
    log = Log()
    queue = queue_of(map(trial, range(16)), log, seconds=1.0)
    batch = queue.next_batch()
    assert len(batch) == 4
    queue.finish(made_up(batch[0].trial))
    queue.lose([attempt.trial.id for attempt in batch], "its worker died")
    assert {trial_id for trial_id, _, _ in log.retries} == {attempt.trial.id for attempt in batch[1:]}
    drain(queue)
    assert sorted(result.seed for result in log.results) == list(range(16))


def test_a_second_result_of_the_same_trial_changes_nothing() -> None:
    log = Log()
    queue = queue_of([trial(1)], log)
    queue.next_batch()
    queue.finish(made_up(trial(1), seconds=1.0))
    queue.finish(made_up(trial(1), seconds=9.0))
    queue.finish(failed_result(trial(1), "late"))
    assert [result.measurements["total_seconds"] for result in log.results] == [1.0]


def test_batches_fill_four_seconds_but_never_starve_a_slot() -> None:
    sizes = drain(queue_of(map(trial, range(100)), Log(), seconds=0.5, slots=2))
    assert sizes[0] == 8
    assert sizes[-1] == 1
    assert sum(sizes) == 100


def test_trials_of_unknown_length_go_one_by_one() -> None:
    assert set(drain(queue_of(map(trial, range(9)), Log()))) == {1}


def test_max_trials_is_a_budget_that_retries_do_not_spend() -> None:
    log = Log()
    queue = queue_of(map(trial, range(9)), log, max_trials=2)
    (attempt,) = queue.next_batch()
    queue.lose([attempt.trial.id], "its worker died")
    drain(queue)
    assert len(log.results) == 2
    assert all(result.status == "completed" for result in log.results)


def test_seconds_left_counts_running_and_waiting_trials_over_the_slots() -> None:
    queue = queue_of(map(trial, range(8)), Log(), seconds=10.0, slots=2)
    queue.next_batch()
    assert queue.seconds_left() == pytest.approx(40.0)


def test_trials_and_results_survive_the_wire() -> None:
    queue = queue_of([trial(3)], Log())
    batch = queue.next_batch()
    (attempt,) = attempts_from_text(attempts_to_text(batch))
    assert attempt == batch[0]
    assert attempt.trial.id == trial(3).id
    (result,) = results_from_text(results_to_text([made_up(trial(3))]))
    assert result.settings["betas"] == (0.9, 0.99)
    assert result.measurements["val_loss"] != result.measurements["val_loss"]


def test_out_of_memory_on_a_shared_gpu_is_tried_once_more_on_a_whole_one_then_recorded() -> None:
    log = Log()
    queue = queue_of([trial(1)], log)
    queue.place(lambda _: Demand(gpus=0.25), 1)
    reason = losses.of_exception(type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory. Tried to allocate"))
    shares = []
    while not queue.is_done():
        (attempt,) = queue.next_batch()
        shares.append(attempt.demand.gpus)
        queue.finish(failed_result(attempt.trial, reason))
    assert shares == [0.25, 1]
    (result,) = log.results
    assert result.status == "failed"
    assert result.reason == "out of memory on the GPU (CUDA out of memory)"


def test_out_of_memory_on_the_host_is_tried_once_more_with_nothing_beside_it() -> None:
    log = Log()
    queue = queue_of(map(trial, range(4)), log)
    (greedy,), (other,) = queue.next_batch(), queue.next_batch()
    queue.lose([greedy.trial.id], losses.HOST_MEMORY)
    (third,), (fourth,) = queue.next_batch(), queue.next_batch()
    assert queue.next_batch() == (), "not beside those that run"
    for attempt in (other, third, fourth):
        assert not queue.is_done()
        queue.finish(made_up(attempt.trial))
    (again,) = queue.next_batch()
    assert (again.trial, again.number) == (greedy.trial, 2)
    assert queue.next_batch() == (), "and nothing beside it"
    queue.lose([again.trial.id], losses.HOST_MEMORY)
    assert queue.is_done()
    assert [result.reason for result in log.results if result.status == "failed"] == [losses.HOST_MEMORY]


def test_a_node_that_is_taken_away_costs_a_trial_none_of_its_own_attempts() -> None:
    log = Log()
    queue = queue_of([trial(1)], log)
    for reason in [losses.NODE_LOST] * 9 + [losses.WORKER_DIED] * 2:
        (attempt,) = queue.next_batch()
        queue.lose([attempt.trial.id], reason)
        assert not log.results
    (attempt,) = queue.next_batch()
    queue.finish(made_up(attempt.trial))
    assert [(result.status, result.attempt) for result in log.results] == [("completed", 12)]


def test_what_is_given_back_is_handed_out_as_if_for_the_first_time() -> None:
    log = Log()
    queue = queue_of([trial(1)], log)
    (attempt,) = queue.next_batch()
    queue.give_back([attempt.trial.id])
    (again,) = queue.next_batch()
    assert again == attempt
    assert not log.retries


def test_a_batch_is_of_one_demand() -> None:
    queue = queue_of(map(trial, range(40)), Log(), seconds=0.1)
    assert not queue.is_done(), "asked before the cluster is known, as a run does"
    queue.place(lambda item: Demand(gpus=1 if item.seed % 2 else 0.5), 1)
    shares = []
    while not queue.is_done():
        batch = queue.next_batch()
        (share,) = {attempt.demand.gpus for attempt in batch}
        shares.append(share)
        for attempt in batch:
            queue.finish(made_up(attempt.trial))
    assert shares == sorted(shares), "those that share first, so that a whole device comes free"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The actor a0b1 is unavailable: The actor is temporarily unavailable: RpcError: x", losses.NODE_LOST),
        ("The actor died unexpectedly before finishing this task.", losses.WORKER_DIED),
        ("The actor died because its node has died. Node Id: 12", losses.NODE_LOST),
        ("2 worker(s) were killed due to the node running low on memory.", losses.HOST_MEMORY),
        ("Failure # 1 (occurred at 12:00)\nTraceback (most recent call last):\nKeyError: 'x'\n", "KeyError: 'x'"),
        ("", "no reason given"),
    ],
)
def test_rays_own_words_become_one_line_that_means_something(text: str, reason: str) -> None:
    assert losses.in_words(text) == reason
