"""Exact versions of what the bundle needs, transitively, as installed where its golden rows were scored."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NEEDS = ("numpy", "onnxruntime", "fastapi", "uvicorn", "prometheus-client", "pyarrow")
"""What the service imports; everything else follows from these."""


@dataclass(frozen=True, order=True)
class Pin:
    """One distribution at one version."""

    name: str
    version: str
    license: str = ""
    direct: bool = False
    """Imported by the service itself."""


def pins(needs: Iterable[str] = NEEDS) -> tuple[Pin, ...]:
    """Installed versions of the named distributions and of all that they require here, by name.

    Extras are left out, and so is what a marker rules out for this Python and platform.

    Raises:
        importlib.metadata.PackageNotFoundError: one of them is not installed.
    """
    direct = {canonicalize_name(name) for name in needs}
    found: dict[str, Pin] = {}
    open_names = sorted(direct)
    while open_names:
        name = open_names.pop()
        if name in found:
            continue
        distribution = metadata.distribution(name)
        found[name] = Pin(name, distribution.version, _license(distribution), name in direct)
        for line in distribution.requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                open_names.append(canonicalize_name(requirement.name))
    return tuple(found[name] for name in sorted(found))


def _license(distribution: metadata.Distribution) -> str:
    """The SPDX expression that the distribution states, else nothing."""
    # Asked first: where importlib_metadata was imported its finder answers, and its metadata raise on a missing field.
    stated = distribution.metadata
    return stated["License-Expression"] or "" if "License-Expression" in stated else ""


def python_version() -> str:
    """Minor version of the running Python, such as "3.11"."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def requirements_text(found: Iterable[Pin]) -> str:
    """The pins as a requirements file without addresses."""
    lines = "".join(f"{pin.name}=={pin.version}\n" for pin in found)
    return f"# What this bundle runs with, on Python {python_version()}; pip install -r requirements.txt\n{lines}"
