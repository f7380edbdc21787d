"""Tables with one planted leak each, and clean twins: what leak detection is measured on.

Every table looks like one that a business keeps: amounts, counts, categories, gaps, a date, an outcome that the honest
columns explain in part. Its size, the strength of the honest columns, the classes' balance and the task are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tools.records import Task

Random = np.random.Generator


@dataclass
class World:
    """A table, what it is for, and what was planted in it."""

    frame: pd.DataFrame
    task: Task
    score: np.ndarray
    """What the honest columns say of the outcome [rows]."""
    leaks: tuple[str, ...] = ()
    """Columns that know the answer, where the leak is one of columns."""

    @property
    def y(self) -> pd.Series:
        """The target."""
        return self.frame["outcome"]

    @property
    def codes(self) -> np.ndarray:
        """Classes by number, or the target's numbers."""
        return self.y.to_numpy(dtype=float) if self.task == "regression" else pd.factorize(self.y, sort=True)[0]


def honest(random: Random, task: Task, rows: int | None = None) -> World:
    """A clean table."""
    count = rows or int(random.integers(700, 2500))
    strength = random.uniform(0.4, 1.6)
    hidden = random.normal(size=count)
    age = np.clip(random.normal(44, 14, count) + 2 * hidden, 18, 95).round()
    income = np.exp(random.normal(10, 0.5, count) + 0.2 * hidden).round(-1)
    region = random.choice(["north", "south", "east", "west", "abroad"], count, p=[0.3, 0.3, 0.2, 0.15, 0.05])
    visits = random.poisson(np.exp(0.6 + 0.3 * hidden))
    score = strength * (0.9 * hidden + 0.5 * (region == "south") + 0.3 * random.normal(size=count))
    frame = pd.DataFrame(
        {
            "age": age,
            "income": np.where(random.random(count) < 0.07, np.nan, income),
            "region": pd.Series(region, dtype="str"),
            "visits": visits,
            "balance": (random.normal(size=count) * 800 + 300 * hidden).round(2),
            "member": random.random(count) < 0.4,
            "quarter": pd.Series(random.choice(["q1", "q2", "q3", "q4"], count), dtype="str"),
        }
    )
    noise = random.logistic(size=count)
    if task == "regression":
        frame["outcome"] = (100 + 20 * score + 12 * noise).round(2)
    else:
        latent = score + noise
        cuts = [random.choice([0.5, 0.7, 0.85])] if task == "binary" else [0.4, 0.75]
        places = np.searchsorted(np.quantile(latent, cuts), latent)
        frame["outcome"] = pd.Series(np.array(["stays", "leaves", "returns"])[places], dtype="str")
    return World(frame, task, score)


# ── twelve kinds of leak ────────────────────────────────────────────────────


def copy(world: World, random: Random) -> None:
    """The target under another name."""
    world.frame["result"] = world.y
    world.leaks = ("result",)


def recoded(world: World, random: Random) -> None:
    """The target under other words, several to a class; a number in other units."""
    if world.task == "regression":
        world.frame["booked"] = (world.codes * random.uniform(0.3, 3) + random.uniform(-50, 50)).round(4)
    else:
        suffix = random.choice(["x", "y", "z"], len(world.codes))
        words = [f"{'kpt'[code]}{one}" for code, one in zip(world.codes, suffix, strict=True)]
        world.frame["booked"] = pd.Series(words, dtype="str")
    world.leaks = ("booked",)


def noisy(world: World, random: Random) -> None:
    """A copy that is wrong in up to one row of fifty."""
    count = len(world.codes)
    if world.task == "regression":
        values = world.codes + random.normal(size=count) * world.codes.std() * random.uniform(0.02, 0.05)
        world.frame["reviewed"] = values.round(3)
    else:
        wrong = random.random(count) < random.uniform(0.005, 0.02)
        other = random.permutation(world.codes)
        world.frame["reviewed"] = np.where(wrong, other, world.codes) + 10
    world.leaks = ("reviewed",)


def monotone(world: World, random: Random) -> None:
    """A number that rises with the target and nothing else."""
    if world.task == "regression":
        values = np.exp((world.codes - world.codes.mean()) / (2 * world.codes.std()))
    else:
        values = world.codes * 5.0 + random.uniform(0, 4, len(world.codes))
    world.frame["settled"] = values.round(5)
    world.leaks = ("settled",)


def parts(world: World, random: Random) -> None:
    """Two columns that together are the target: the parts of a sum, or two flags of which the outcome is made."""
    if world.task == "regression":
        first = world.codes * random.uniform(0.2, 0.8) + random.normal(size=len(world.codes)) * 30
        world.frame["first_part"] = first.round(2)
        world.frame["other_part"] = (world.codes - first.round(2)).round(2)
    else:
        step = random.integers(0, 3, len(world.codes))
        world.frame["first_part"] = step
        world.frame["other_part"] = (world.codes + step) % 3
    world.leaks = ("first_part", "other_part")


def gaps(world: World, random: Random) -> None:
    """A column that is filled in only where the outcome came to pass."""
    count = len(world.codes)
    late = world.codes > np.quantile(world.codes, 0.7) if world.task == "regression" else world.codes == 0
    values = random.normal(50, 9, count).round(1)
    world.frame["callback"] = np.where(late | (random.random(count) < 0.004), values, np.nan)
    world.leaks = ("callback",)


def afterwards(world: World, random: Random) -> None:
    """A column that a clerk writes after the outcome, as its name says; it knows much of it, not all."""
    name = random.choice(["outcome_date_days", "days_to_outcome", "refund_after_outcome", "outcome_review"])
    spread = world.codes.std() * random.uniform(0.5, 0.8)
    world.frame[str(name)] = (world.codes + random.normal(size=len(world.codes)) * spread).round(3)
    world.leaks = (str(name),)


def told(world: World, random: Random) -> None:
    """A free text in which the outcome is written down."""
    said = {0: "customer cancelled and left us", 1: "all fine nothing to report", 2: "came back after a while"}
    fill = ["called about the bill", "asked for the manager", "wrote a letter to head office", "no answer at the door"]
    high = world.codes > np.median(world.codes) if world.task == "regression" else None
    codes = world.codes if high is None else high.astype(int)
    texts = [f"{random.choice(fill)} on day {random.integers(1, 400)}, {said[int(code)]}" for code in codes]
    world.frame["remarks"] = pd.Series(texts, dtype="str")
    world.leaks = ("remarks",)


def averaged(world: World, random: Random) -> None:
    """The mean of the target by a group of few rows, taken before the split."""
    groups = random.integers(0, len(world.codes) // 3, len(world.codes))
    value = (world.codes == world.codes.max()).astype(float) if world.task != "regression" else world.codes
    world.frame["usual_by_agent"] = pd.Series(value).groupby(groups).transform("mean").round(4).to_numpy()
    world.leaks = ("usual_by_agent",)


def entity(world: World, random: Random) -> None:
    """Several rows of each customer, who has one outcome: a random split has each on both sides."""
    times = int(random.integers(3, 7))
    rows = np.repeat(np.arange(len(world.frame) // times), times)
    frame = world.frame.iloc[rows].reset_index(drop=True)
    frame["balance"] = (frame["balance"] + random.normal(size=len(frame)) * 20).round(2)
    frame["visits"] = random.poisson(2, len(frame))
    frame.insert(0, "customer_id", [f"C{70000 + row * 7}" for row in rows])
    world.frame = frame.iloc[random.permutation(len(frame))].reset_index(drop=True)


def drifting(world: World, random: Random) -> None:
    """A log over two years in which the outcome follows the season of the business, shuffled or not."""
    count = len(world.codes)
    days = np.sort(random.integers(0, 730, count))
    order = np.argsort(world.codes + random.normal(size=count) * world.codes.std() * random.uniform(0.5, 1.0))
    frame = world.frame.iloc[order].reset_index(drop=True)
    frame.insert(0, "opened", pd.Timestamp("2023-01-01") + pd.to_timedelta(days, unit="D"))
    if random.random() < 0.5:
        frame = frame.iloc[random.permutation(count)].reset_index(drop=True)
    world.frame = frame


def twice(world: World, random: Random) -> None:
    """Rows that stand in the table twice or more."""
    count = len(world.frame)
    again = random.choice(count, int(count * random.uniform(0.03, 0.3)), replace=True)
    frame = pd.concat([world.frame, world.frame.iloc[again]], ignore_index=True)
    world.frame = frame.iloc[random.permutation(len(frame))].reset_index(drop=True)


LEAKS: Mapping[str, Callable[[World, Random], None]] = {
    "copy": copy,
    "recoded copy": recoded,
    "noisy copy": noisy,
    "monotone copy": monotone,
    "parts of the target": parts,
    "filled in afterwards": gaps,
    "name after the outcome": afterwards,
    "outcome in a text": told,
    "target mean by group": averaged,
    "entity on both sides": entity,
    "time with a random split": drifting,
    "duplicates": twice,
}
"""Kind of leak to what plants it."""
TABLE_KINDS = frozenset({"entity on both sides", "time with a random split", "duplicates"})
"""Leaks of the table as a whole, of which no column is one."""
TASKS: tuple[Task, ...] = ("binary", "regression", "binary", "multiclass")


def planted(kind: str, seed: int) -> World:
    """A table with one leak of this kind."""
    random = np.random.default_rng([seed, sorted(LEAKS).index(kind)])
    world = honest(random, TASKS[seed % len(TASKS)])
    LEAKS[kind](world, random)
    return world


def clean(seed: int) -> World:
    """A table without a leak; every third has one honest column that is strong, every fourth a date and no drift."""
    random = np.random.default_rng([seed, 99])
    world = honest(random, TASKS[seed % len(TASKS)])
    count = len(world.frame)
    if seed % 3 == 0:
        spread = world.score.std() * 0.3
        world.frame["rating"] = (world.score + random.normal(size=count) * spread).round(3)
    if seed % 4 == 0:
        days = np.sort(random.integers(0, 700, count))
        world.frame.insert(0, "opened", pd.Timestamp("2023-01-01") + pd.to_timedelta(days, unit="D"))
    if seed % 5 == 0:
        world.frame.insert(0, "row_id", np.arange(count) + 1000)
    return world
