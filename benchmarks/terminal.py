"""The full-screen terminal: CPU until its first picture, lag of its loop during a search, keys on a large table.

    .venv/bin/python benchmarks/terminal.py [start] [lag] [keys [TABLE]]

All three without an argument. `start` runs the program in a pseudo terminal (Linux) and reads the CPU that it took
until its first words arrive, against an application of Textual's that shows one word; the goal is half a second. `lag`
takes the credit example through its first gate into the search, and writes down how late a coroutine in the screen's
loop wakes; the goal is under 50 ms at the 99th percentile and 250 ms at most. `keys` opens a run on a table of 300,000
rows and measures from a key to the next picture; the goal is under 100 ms at the 95th percentile. The reference of both
is an application of Textual's with nothing else to do.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import random
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))
CREDIT = REPOSITORY / "examples" / "credit" / "credit.csv"
ROWS = 300_000
REPEATS = 5
TICK = 0.005
PATIENCE = 900.0
BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("one-word")
Bare().run()
"""
PROGRAM = "from tui.cli import main; main()"


# until the first picture


def cpu_until(words: bytes, command: list[str], folder: str) -> float:
    """CPU seconds that a program took until some words arrived at its terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", PYTHONPATH=str(REPOSITORY))
        os.execv(command[0], command)
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        seen = b""
        end = time.monotonic() + 60
        while words not in seen:
            if time.monotonic() > end or not select.select([terminal], [], [], 1.0)[0]:
                if time.monotonic() > end:
                    sys.exit(f"{words!r} never came from {command}:\n{seen[-2000:]!r}")
                continue
            seen += os.read(terminal, 65536)
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def start() -> None:
    """Print the CPU until the first picture."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        bare = min(cpu_until(b"one-word", [python, "-c", BARE], folder) for _ in range(REPEATS))
        print(f"{'bare Textual application':34} {bare:6.2f} s CPU until its first picture")
        commands: dict[str, tuple[bytes, list[str]]] = {
            "phasegate tui": (b"Phasegate", []),
            "phasegate tui, the home screen": (b"New project", []),
            "phasegate tui credit.csv": (b"opening", [str(CREDIT)]),
        }
        for name, (words, more) in commands.items():
            command = [python, "-c", PROGRAM, "tui", *more]
            seconds = min(cpu_until(words, command, folder) for _ in range(REPEATS))
            print(f"{name:34} {seconds:6.2f} s CPU   {seconds / bare:5.2f} times the reference   goal 0.50 s")


# the loop while a search runs


def share(values: Sequence[float], part: float) -> float:
    """A quantile, as the value that so many do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class Lateness:
    """How late a coroutine wakes, while it is asked to write that down."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.counts = False

    async def watch(self) -> None:
        """Sleep and compare, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(TICK)
            if self.counts:
                self.values.append(loop.time() - began - TICK)

    def told(self) -> str:
        """Median, 99th percentile and worst, in milliseconds."""
        found = [1000 * each for each in (share(self.values, 0.5), share(self.values, 0.99), max(self.values))]
        return "p50 {:6.1f} ms   p99 {:6.1f} ms   max {:6.1f} ms".format(*found) + f"   ({len(self.values):,} wakes)"


async def until(pilot: Any, holds: Callable[[], bool]) -> None:
    """Let the application work until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            sys.exit("It never came to hold.")
        await asyncio.sleep(0.02)


@contextmanager
def apart() -> Iterator[Path]:
    """A folder for workspaces; nothing is left of them, nor in the list of recent ones."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(XDG_STATE_HOME=folder, PHASEGATE_TRACKING="off")
        yield Path(folder)


async def idle_lateness(seconds: float = 3.0) -> Lateness:
    """Of an application with nothing to do."""
    from textual.app import App

    lateness = Lateness()
    async with App[None]().run_test(size=(120, 36)):
        task = asyncio.create_task(lateness.watch())
        lateness.counts = True
        await asyncio.sleep(seconds)
        task.cancel()
    return lateness


async def search_lateness(workspace: Path) -> Lateness:
    """Of the run's screen, from the search's first sign of life to its end."""
    from tui.app.app import PhasegateApp
    from tui.app.decision import DecisionForm
    from tui.app.gate import GateScreen
    from tui.app.run import RunScreen

    lateness = Lateness()
    app = PhasegateApp(workspace, str(CREDIT))
    async with app.run_test(size=(120, 36)) as pilot:
        task = asyncio.create_task(lateness.watch())
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.is_mounted)
        run = app.screen
        assert isinstance(run, RunScreen)
        await answered(pilot, run, lambda: isinstance(app.screen, GateScreen))
        gate = app.screen
        assert isinstance(gate, GateScreen)
        while not gate.armed:
            await pilot.press("pagedown")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, DecisionForm) and app.focused is not None)
        for name, text in (("by", "Ada"), ("reason", "agreed")):
            app.screen.query_one(f"#{name}").focus()
            await pilot.press(*text)
        await pilot.press("ctrl+s")

        def state() -> str:
            step = run.plan.step("experimentation.tuning")
            return step.state if step is not None else ""

        await answered(pilot, run, lambda: state() == "running")
        lateness.counts = True
        await until(pilot, lambda: state() != "running")
        lateness.counts = False
        task.cancel()
        await asyncio.to_thread(run.bridge.close, 30.0)
    return lateness


async def answered(pilot: Any, run: Any, holds: Callable[[], bool]) -> None:
    """Take every advice, and call unknown what nobody advises, until something holds."""
    from tui.app.question import QuestionPanel

    panel = run.query_one(QuestionPanel)
    while not holds():
        await until(pilot, lambda: holds() or (panel.question is not None and bool(panel.query("#answer"))))
        question = panel.question
        if question is None or holds():
            continue
        await pilot.press("f3" if question.has_recommendation else "enter")
        await until(pilot, lambda question=question: panel.question is not question)  # type: ignore[misc]


def lag() -> None:
    """Print how late the loop is."""
    print(f"{'bare Textual application, idle':34} {asyncio.run(idle_lateness()).told()}")
    with apart() as folder:
        found = asyncio.run(search_lateness(folder / "phasegate"))
    print(f"{'run screen during the search':34} {found.told()}   goal p99 50 ms, max 250 ms")


# from a key to the next picture


async def reactions(app: Any, ready: Callable[[Any], Awaitable[Sequence[str]]]) -> list[float]:
    """Seconds from each key to the next picture."""
    painted: list[float] = []
    real = app._display

    def display(screen: Any, renderable: Any) -> None:
        real(screen, renderable)
        painted.append(time.perf_counter())

    app._display = display
    found = []
    async with app.run_test(size=(120, 36)) as pilot:
        keys = await ready(pilot)
        for key in keys:
            before, began = len(painted), time.perf_counter()
            await pilot.press(key)
            end = time.monotonic() + 2
            while len(painted) == before and time.monotonic() < end:
                await asyncio.sleep(0.001)
            if len(painted) > before:
                found.append(painted[before] - began)
        if hasattr(app, "_run_screen"):
            await asyncio.to_thread(app._run_screen.bridge.close, 30.0)
    return found


TYPED = "why is age left out of this"


async def bare_reactions() -> list[float]:
    """Of one input line."""
    from textual.app import App, ComposeResult
    from textual.widgets import Input

    class Line(App[None]):
        def compose(self) -> ComposeResult:
            yield Input()

    async def ready(pilot: Any) -> Sequence[str]:
        await pilot.pause()
        return [key for key in TYPED if key != " "] * 2

    return await reactions(Line(), ready)


async def run_reactions(workspace: Path, table: Path) -> list[float]:
    """Of a run's screen with an open question: the list of answers, the reason, the input line, the transcript."""
    from tui.app.app import PhasegateApp
    from tui.app.question import QuestionPanel
    from tui.app.run import RunScreen

    app = PhasegateApp(workspace, str(table))

    async def ready(pilot: Any) -> Sequence[str]:
        def asked() -> bool:
            return isinstance(app.screen, RunScreen) and bool(app.screen.query("#answer"))

        await until(pilot, asked)
        assert app.screen.query_one(QuestionPanel).question is not None
        await pilot.pause(0.5)
        typed = [key for key in TYPED if key != " "]
        return [*["f2"] * 10, "slash", *typed, *["backspace"] * len(typed), *typed, "enter", "slash", *typed]

    return await reactions(app, ready)


def table_of(folder: Path) -> Path:
    """A table of 300,000 rows: numbers, levels, a date, and an outcome that depends on some of them."""
    draw = random.Random(0)
    path = folder / "large.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("id,day,age,income,region,channel,visits,score,bought\n")
        for number in range(ROWS):
            age, income = draw.randint(18, 90), round(draw.lognormvariate(10, 0.5), 2)
            bought = "yes" if draw.random() < 0.1 + 0.2 * (age < 40) else "no"
            day = f"2024-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
            place = (draw.choice("nesw"), draw.choice(["web", "shop", "phone"]))
            row = (number, day, age, income, *place, draw.randint(0, 30), round(draw.random(), 4), bought)
            file.write(",".join(map(str, row)) + "\n")
    return path


def keys(table: str | None = None) -> None:
    """Print how long a key waits for its picture."""

    def told(values: Sequence[float]) -> str:
        parts = [1000 * each for each in (share(values, 0.5), share(values, 0.95), max(values))]
        return "p50 {:6.1f} ms   p95 {:6.1f} ms   max {:6.1f} ms".format(*parts) + f"   ({len(values)} keys)"

    print(f"{'an input line of Textual':34} {told(asyncio.run(bare_reactions()))}")
    with apart() as folder:
        path = Path(table) if table else table_of(folder)
        found = asyncio.run(run_reactions(folder / "phasegate", path))
    print(f"{'run screen, ' + path.name:34} {told(found)}   goal p95 100 ms")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if not arguments or "start" in arguments:
        start()
    if not arguments or "lag" in arguments:
        lag()
    if not arguments or "keys" in arguments:
        given = arguments[arguments.index("keys") + 1 :] if "keys" in arguments else []
        keys(given[0] if given else None)
