"""The bundle: complete, the same bytes each time, valid for the tools that read it, signed, free of our packages."""

from __future__ import annotations

import ast
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

from tests.tools.serving.fakes import write_scorer
from tools.serving import signing
from tools.serving.bundle import Contents, Prior, assemble, dns_label
from tools.serving.container import PANELS, alert_rules
from tools.serving.service.deployed import Deployed

Bundles = Callable[[str], Path]


def test_two_assemblies_are_the_same_bytes(bundles: Bundles, tmp_path: Path) -> None:
    contents = Contents("Credit loans", Prior(shares=(0.7, 0.3)), lineage={"split.json": "ab"})
    again = assemble(tmp_path / "again", write_scorer(tmp_path / "scorer"), contents)
    assert signing.digests(tmp_path / "again") == signing.digests(bundles("binary"))
    assert again.bundle == signing.digests(bundles("binary"))["manifest.json"]


def test_the_manifest_lists_every_file(bundles: Bundles) -> None:
    files = json.loads((bundles("binary") / "manifest.json").read_text())["files"]
    found = signing.digests(bundles("binary"))
    assert files == {name: value for name, value in found.items() if name != "manifest.json"}
    assert {
        "service/__main__.py",
        "scorer/scorer.json",
        "requirements.txt",
        "sbom.json",
        "Dockerfile",
    } <= set(files)
    assert not [name for name in files if "__pycache__" in name]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_golden_rows_are_scored_and_touch_missing_values_and_levels(bundles: Bundles, task: str) -> None:
    deployed = Deployed.load(bundles(task))
    deployed.check_golden()
    rows = deployed.golden["rows"]
    assert len(rows) >= 10
    assert any(row["amount"] is None for row in rows)
    assert {row["region"] for row in rows} == {"north", "south", "west"}


def test_golden_rows_show_no_more_than_the_median_of_a_personal_column(tmp_path: Path) -> None:
    assemble(
        tmp_path / "bundle",
        write_scorer(tmp_path / "scorer"),
        Contents("x", Prior(shares=(0.5, 0.5)), personal={"age", "region"}),
    )
    golden = json.loads((tmp_path / "bundle" / "golden.json").read_text())
    assert {row["age"] for row in golden["rows"]} == {40}
    assert {row["region"] for row in golden["rows"]} == {"north"}


def test_kubernetes_accepts_every_manifest(bundles: Bundles) -> None:
    kinds = set()
    for file in sorted((bundles("binary") / "deploy" / "kubernetes").iterdir()):
        content = yaml.safe_load(file.read_text())
        kubernetes_validate.validate(content, "1.33", strict=True)
        kinds.add(content["kind"])
    assert kinds == {
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "ConfigMap",
        "NetworkPolicy",
        "PodDisruptionBudget",
    }


def test_the_bill_of_materials_is_valid_and_names_every_requirement(bundles: Bundles) -> None:
    text = (bundles("binary") / "sbom.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    listed = {(one["name"], one["version"]) for one in json.loads(text)["components"]}
    lines = (bundles("binary") / "requirements.txt").read_text().splitlines()
    pinned = {tuple(line.split("==")) for line in lines if not line.startswith("#")}
    assert listed == pinned


def test_requirements_are_exact_without_addresses_and_enough_for_every_import(bundles: Bundles) -> None:
    bundle = bundles("binary")
    lines = (bundle / "requirements.txt").read_text().splitlines()[1:]
    names = {Requirement(line).name for line in lines}
    assert all(str(Requirement(line).specifier).startswith("==") for line in lines)
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    imported = set()
    for file in (bundle / "service").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                imported.add(node.module.partition(".")[0])
    assert {name.replace("_", "-") for name in imported - set(sys.stdlib_module_names)} <= names


def test_the_container_runs_as_nobody_in_particular_and_checks_its_health(bundles: Bundles) -> None:
    text = (bundles("binary") / "Dockerfile").read_text()
    assert "USER 10001:10001" in text
    assert "HEALTHCHECK" in text
    assert "/readyz" in text


def test_compose_and_its_files_belong_together(bundles: Bundles) -> None:
    bundle = bundles("binary")
    compose = yaml.safe_load((bundle / "compose.yaml").read_text())
    assert set(compose["services"]) == {"scorer", "prometheus", "grafana"}
    for one in compose["services"].values():
        for volume in one.get("volumes", []):
            source = volume.split(":")[0]
            assert (bundle / source).exists() if source.startswith("./") else source in compose["volumes"]
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", []))


def test_rules_and_panels_ask_only_for_metrics_that_the_service_has(bundles: Bundles) -> None:
    import re

    source = (bundles("binary") / "service" / "metrics.py").read_text()
    asked = {query for _, query, _, _ in PANELS}
    rules = alert_rules(50.0, 0.01)["groups"][0]["rules"]
    asked |= {rule["expr"] for rule in rules}
    assert any("> 0.05" in rule["expr"] for rule in rules)
    for name in {name for query in asked for name in re.findall(r"phasegate_\w+", query)}:
        assert name.removesuffix("_bucket") in source


def test_a_signature_finds_any_changed_added_or_missing_file(bundles: Bundles, tmp_path: Path) -> None:
    bundle, key = tmp_path / "bundle", tmp_path / "config" / "signing.pem"
    shutil.copytree(bundles("binary"), bundle)
    assert signing.verify(bundle).problems == ((signing.ATTESTATION, "missing"),)
    path = signing.sign(bundle, key, {"run": "0001-heron"})
    first = path.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    assert signing.verify(bundle, key).ok
    assert signing.sign(bundle, key, {"run": "0001-heron"}).read_bytes() == first
    (bundle / "service" / "__pycache__").mkdir()
    (bundle / "service" / "__pycache__" / "app.pyc").write_bytes(b"x")
    assert signing.verify(bundle).ok
    (bundle / "schema.json").write_text("{}")
    (bundle / "golden.json").unlink()
    (bundle / "service" / "extra.py").write_text("")
    assert signing.verify(bundle).problems == (
        ("golden.json", "missing"),
        ("schema.json", "changed"),
        ("service/extra.py", "added"),
    )


def test_a_forged_or_foreign_signature_does_not_pass(bundles: Bundles, tmp_path: Path) -> None:
    bundle, key, other = tmp_path / "bundle", tmp_path / "one.pem", tmp_path / "two.pem"
    shutil.copytree(bundles("binary"), bundle)
    path = signing.sign(bundle, key)
    signing.private_key(other)
    assert not signing.verify(bundle, other).ok
    assert not signing.verify(bundle, tmp_path / "none.pem").ok
    content = json.loads(path.read_text())
    content["payload"] = content["payload"][:-8] + "AAAAAAA="
    path.write_text(json.dumps(content))
    assert signing.verify(bundle, key).problems == ((signing.ATTESTATION, "signature"),)
    for garbage in ("", "[]", "{}", '{"publicKey": 3}'):
        path.write_text(garbage)
        assert not signing.verify(bundle).ok


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    signing.private_key(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        signing.private_key(tmp_path / "key.pem")


@pytest.mark.parametrize(
    ("name", "label"),
    [("Credit loans", "credit-loans"), ("2024 (v2)", "model-2024-v2"), ("ÄÖ", "model"), ("a" * 60, "a" * 40)],
)
def test_any_name_becomes_one_that_clusters_take(name: str, label: str) -> None:
    assert dns_label(name) == label
