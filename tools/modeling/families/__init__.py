"""The registry of model families: a new one is one file with one subclass, and one line here."""

from __future__ import annotations

from tools.modeling.families import balanced, forest, histgb, lgbm, linear, xgb
from tools.modeling.families.base import Family

FAMILIES: dict[str, Family] = {
    module.FAMILY.name: module.FAMILY for module in (linear, forest, balanced, histgb, xgb, lgbm)
}
"""Name to family, simple ones first. Importing it loads no library: each family imports its own when it fits."""
