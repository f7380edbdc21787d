"""The packages that a bundle pins: what the scorer needs, in the versions that are installed."""

from __future__ import annotations

import importlib_metadata

from tools.serving.pinned import pins


def test_each_pin_is_installed_and_the_direct_ones_are_marked() -> None:
    found = {pin.name: pin for pin in pins()}
    assert found["numpy"].direct
    assert found["numpy"].version


def test_a_distribution_without_a_licence_expression_is_pinned_all_the_same() -> None:
    """Importing importlib_metadata, as mlflow does, puts a finder in place whose metadata raise on a missing field."""
    assert importlib_metadata.version("numpy")
    assert "" in {pin.license for pin in pins()}
