"""What a fresh process imports with the conversation; a module of its own, since tests import more."""

from __future__ import annotations

import sys

import agent.conversation.completing
import agent.conversation.replies

HEAVY = ("numpy", "pandas", "sklearn", "langgraph", "textual", "onnxruntime", "mlflow", "openai")


def heavy() -> list[str]:
    """The heavy libraries that are there once the whole conversation is imported."""
    assert agent.conversation.completing and agent.conversation.replies
    return [name for name in HEAVY if name in sys.modules]
