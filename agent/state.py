"""The graph's state: plain JSON and references; the truth is the ledger."""

from __future__ import annotations

from typing import Annotated, TypedDict


def merge(left: dict[str, str] | None, right: dict[str, str] | None) -> dict[str, str]:
    """Merge by key; idempotent, so that a node that runs again changes nothing."""
    return {**(left or {}), **(right or {})}


class RunState(TypedDict, total=False):
    """What the graph carries from node to node."""

    steps: Annotated[dict[str, str], merge]
    """Step id to the key of its result."""
    answered: Annotated[dict[str, str], merge]
    """Question id to the ledger's hash after its answer."""
    gates: Annotated[dict[str, str], merge]
    """Gate to the evidence hash it was passed with."""
    status: str
    """done or rejected, once the graph has ended."""
