"""Scores made on other machines: each submission goes to a worker of a Dask cluster, the gradebook is written here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from rnn_grading.scores import Result, Sandboxes, Setting, Task, judge
from rnn_grading.walls import Problem, Walls, find_walls

__all__ = ["judge_elsewhere"]

RETRIES = 3  # of a submission whose worker is lost
CONNECT_SECONDS = 20.0


def judge_elsewhere(
    tasks: dict[Any, Task], setting: Setting, scheduler: str
) -> Iterator[tuple[Any, Result | Exception]]:
    """Judge submissions on a cluster; yields each by its key as soon as it is known.

    Parameters
    ----------
    tasks : dict
        As for `rnn_grading.scores.Pool`.
    setting : Setting
        Its walls are found anew on each machine, of the same form.
    scheduler : str
        The address of the scheduler, such as ``tcp://host:8786``.

    Raises
    ------
    Problem
        If there is no such cluster, or the extra `cluster` is missing.
    """
    try:
        from distributed import Client, as_completed
    except ModuleNotFoundError:
        raise Problem("expected the extra `cluster` to be installed: pip install -e '.[cluster]'") from None
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise Problem(f"no Dask scheduler answers at {scheduler}: {error}") from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise Problem(f"the scheduler at {scheduler} has no workers")
        futures = {
            client.submit(_judge, task, setting, key=f"rnn-grading-{number}", pure=False, retries=RETRIES): number
            for number, task in tasks.items()
        }
        for future in as_completed(futures):
            try:
                yield futures[future], future.result()
            except Exception as error:
                yield futures[future], error


def _judge(task: Task, setting: Setting) -> Result:
    """On the other machine: judge one submission, behind walls that are tried out there."""
    sandboxes = Sandboxes(Setting(_walls_here(setting.walls), setting.limits))
    try:
        return judge(*task, sandboxes)
    finally:
        sandboxes.close()


@lru_cache(maxsize=1)
def _walls_here(walls: Walls) -> Walls:
    return find_walls(walls.form, walls.hidden)
