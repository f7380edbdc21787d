"""The real program in a real terminal's place: what names and values hold reaches it as words at most."""

from __future__ import annotations

import csv
import fcntl
import os
import pty
import random
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from tests.journeys.program import PROGRAM, Program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

TITLE, CLIPBOARD, LINK = "\x1b]0;planted\x07", "\x1b]52;c;cGxhbnRlZA==\x07", "\x1b]8;;https://planted.example\x1b\\"
QUERY, RESET, AWAY, RED = "\x1bP+q706c616e746564\x1b\\", "\x1bc", "\x1b[987;654H", "\x1b[31;5mplanted"
ONE_BYTE = "\x9d0;planted\x9c"
ACTION = "[@click=app.quit]press[/]"
PLANTED = (TITLE, CLIPBOARD, LINK, QUERY, RESET, AWAY, RED, ONE_BYTE)
FUNCTION_3 = b"\x1bOR"
ROWS, COLUMNS = 24, 80


def hostile_table(folder: Path) -> Path:
    """A table whose file name, column names and levels steer a terminal that takes them at their word."""
    chance = random.Random(7)
    path = folder / f"loans{TITLE}{ACTION}.csv".replace("/", "_")
    names = [f"amount{CLIPBOARD}", f"age{LINK}{ACTION}", f"kind{QUERY}{RESET}", f"town{AWAY}", "outcome"]
    with path.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file)
        write.writerow(names)
        for _ in range(400):
            amount, age = chance.gauss(50, 15), chance.randint(18, 80)
            kind = chance.choice([f"red{RED}", f"blue{ONE_BYTE}", f"green{TITLE}", f"grey{ACTION}"])
            town = chance.choice([f"York{LINK}", f"Ely{AWAY}", f"Bath{CLIPBOARD}"])
            good = amount + age / 4 + chance.gauss(0, 8) > 62
            write.writerow([f"{amount:.1f}", age, kind, town, f"yes{RED}" if good else f"no{RESET}"])
    return path


class Terminal:
    """A pseudo-terminal with the program in it; all bytes that it was sent are kept."""

    def __init__(self, program: Program, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        self.process = subprocess.Popen(
            [str(PROGRAM), *arguments],
            cwd=program.workspace.parent,
            env={**program.environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        self.sent = b""

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def listen(self, seconds: float) -> bytes:
        """What comes within some seconds, or until it falls silent for a moment."""
        came, end = b"", time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and select.select([self._master], [], [], min(left, 0.3))[0]:
            came += os.read(self._master, 65536)
        self.sent += came
        return came

    def hear(self, words: bytes, seconds: float, keys: tuple[bytes, ...] = ()) -> None:
        """Press keys in turn until words were drawn."""
        end, number = time.monotonic() + seconds, 0
        while words not in self.sent:
            assert time.monotonic() < end, self.sent[-4000:]
            assert self.process.poll() is None, self.sent[-4000:]
            self.listen(0.5)
            if keys:
                self.press(keys[number % len(keys)])
                number += 1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
        os.close(self._master)
        os.close(self._slave)


def test_no_sequence_from_names_or_values_reaches_the_terminal(fresh: Program) -> None:
    fresh.workspace.parent.mkdir(parents=True, exist_ok=True)
    table = hostile_table(fresh.workspace.parent)
    terminal = Terminal(fresh, "tui", str(table), "--workspace", str(fresh.workspace))
    try:
        terminal.hear(b"Read the evidence first", 180, (FUNCTION_3, b"\r"))
        for _ in range(12):
            terminal.press(b"\x1b[6~")
            terminal.listen(0.5)
        terminal.hear(b"a approve", 10)
        terminal.press(b"\x11")
        end = time.monotonic() + 60
        while terminal.process.poll() is None:
            assert time.monotonic() < end, terminal.sent[-4000:]
            terminal.listen(0.5)
            terminal.press(b"y")
        terminal.listen(1)
        assert terminal.process.returncode == 0, terminal.sent[-4000:]
        assert termios.tcgetattr(terminal._slave) == terminal.before, "the terminal is as it was found"
    finally:
        terminal.close()

    sent = terminal.sent
    assert b"planted" in sent, "the names were shown, as words"
    assert b"\x1b[?1049h" in sent
    assert sent.rindex(b"\x1b[?1049l") > sent.rindex(b"\x1b[?1049h"), "the screen of before is back"
    for sequence in PLANTED:
        assert sequence.encode() not in sent
    strings = re.findall(rb"\x1b[\]P_^X][^\x07\x1b]{0,40}", sent)
    assert not [each for each in strings if b"planted" in each or b"cGxhbnRlZA" in each or b"706c61" in each], strings
    assert not re.search(rb"\x1b(c|\[987)|\xc2[\x80-\x9f]", sent)
    assert not re.search(rb"(?<!\xe2)[\x00-\x06\x0e-\x1a\x7f]", sent), "no other control byte either"
