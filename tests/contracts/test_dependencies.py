"""Each dependency is declared with its reason, locked by hash, and does a small piece of the work it is here for."""

from __future__ import annotations

import asyncio
import io
import re
import sqlite3
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = re.compile(r"^[A-Za-z0-9_.-]+")

Smoke = Callable[[Path], None]
QUICK: dict[str, Smoke] = {}
HEAVY: dict[str, Smoke] = {}


def quick(name: str) -> Callable[[Smoke], Smoke]:
    """Register the smoke test of a distribution that loads in a moment."""
    return lambda test: QUICK.setdefault(name, test)


def heavy(name: str) -> Callable[[Smoke], Smoke]:
    """Register the smoke test of a distribution that takes seconds; left out of the quick loop."""
    return lambda test: HEAVY.setdefault(name, test)


def declared(*, dev: bool = False) -> list[str]:
    content = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    lines = content["dependency-groups"]["dev"] if dev else content["project"]["dependencies"]
    found = [NAME.match(line) for line in lines]
    return sorted({match[0].lower() for match in found if match})


def locked(name: str) -> set[str]:
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    return {match[1].lower().replace("_", "-") for match in re.finditer(r"^([A-Za-z0-9_.-]+)(?:\[.*\])?==", text, re.M)}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# What each one is here for


class Counted(TypedDict, total=False):
    """State of the smallest graph."""

    count: int


def one_node_graph() -> Any:
    from langgraph.graph import END, START, StateGraph

    def add(state: Counted) -> Counted:
        return {"count": state["count"] + 1}

    graph = StateGraph(Counted)
    graph.add_node("add", add)
    graph.add_edge(START, "add")
    graph.add_edge("add", END)
    return graph


@heavy("langgraph")
def _(folder: Path) -> None:
    assert one_node_graph().compile().invoke({"count": 1}) == {"count": 2}


@heavy("langgraph-checkpoint-sqlite")
def _(folder: Path) -> None:
    from langgraph.checkpoint.sqlite import SqliteSaver

    with SqliteSaver.from_conn_string(str(folder / "checkpoint.db")) as saver:
        graph = one_node_graph().compile(checkpointer=saver)
        thread: Any = {"configurable": {"thread_id": "one"}}
        graph.invoke({"count": 1}, thread)
        assert graph.get_state(thread).values == {"count": 2}


@heavy("openai")
def _(folder: Path) -> None:
    import httpx2
    import openai

    def reply(request: httpx2.Request) -> httpx2.Response:
        message = {"role": "assistant", "content": "yes"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return httpx2.Response(
            200,
            json={"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]},
        )

    with openai.OpenAI(
        api_key="none",
        base_url="http://127.0.0.1:9/v1",
        http_client=httpx2.Client(transport=httpx2.MockTransport(reply)),
    ) as client:
        answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])
    assert answer.choices[0].message.content == "yes"


@quick("pydantic")
def _(folder: Path) -> None:
    from pydantic import BaseModel, ValidationError

    class Row(BaseModel):
        age: int

    assert Row.model_validate_json('{"age": 3}').age == 3
    with pytest.raises(ValidationError):
        Row.model_validate({"age": "young"})


@quick("pyyaml")
def _(folder: Path) -> None:
    import yaml

    assert yaml.safe_load(yaml.safe_dump({"a": [1, None, "x"]})) == {"a": [1, None, "x"]}


@quick("typer")
def _(folder: Path) -> None:
    import typer
    from typer.testing import CliRunner

    app = typer.Typer()

    @app.command()
    def greet(name: str) -> None:
        typer.echo(f"Hello {name}")

    assert CliRunner().invoke(app, ["Ada"]).output == "Hello Ada\n"


@quick("rich")
def _(folder: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("check", "verdict")
    table.add_row("calibration", "pass")
    out = io.StringIO()
    Console(file=out, width=60).print(table)
    assert "calibration" in out.getvalue()


@quick("pandas")
def _(folder: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"group": ["a", "b", "a"], "value": [1.0, 2.0, 3.0]})
    assert frame.groupby("group")["value"].mean().to_dict() == {"a": 2.0, "b": 2.0}
    assert str(frame["group"].dtype) == "str"


@quick("numpy")
def _(folder: Path) -> None:
    import numpy as np

    assert np.random.default_rng(0).permutation(5).tolist() == np.random.default_rng(0).permutation(5).tolist()


@quick("pyarrow")
def _(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"x": [1, None, 3]}), folder / "t.parquet")
    assert pq.read_table(folder / "t.parquet").to_pydict() == {"x": [1, None, 3]}


@quick("scipy")
def _(folder: Path) -> None:
    from scipy import stats

    assert stats.ks_2samp([1, 2, 3, 4, 5, 6, 7, 8], [11, 12, 13, 14, 15, 16, 17, 18]).pvalue < 0.01


@quick("duckdb")
def _(folder: Path) -> None:
    import duckdb

    (folder / "t.csv").write_text("a,b\n1,x\n3,y\n", encoding="utf-8")
    with duckdb.connect() as connection:
        assert connection.execute("select sum(a) from read_csv(?)", [str(folder / "t.csv")]).fetchall() == [(4,)]


@quick("charset-normalizer")
def _(folder: Path) -> None:
    from charset_normalizer import from_bytes

    text = "Größe und Gewicht der Straßenbäume in München, gezählt für die Übersicht. " * 20
    best = from_bytes(text.encode("cp1252")).best()
    assert best is not None and str(best) == text


@quick("openpyxl")
def _(folder: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["a", 1])
    book.save(folder / "t.xlsx")
    again = openpyxl.load_workbook(folder / "t.xlsx", read_only=True)
    assert again.active is not None
    assert list(again.active.values) == [("a", 1)]
    again.close()


@quick("sqlalchemy")
def _(folder: Path) -> None:
    import sqlalchemy

    with sqlite3.connect(folder / "t.db") as raw:
        raw.execute("create table loans (amount integer)")
        raw.executemany("insert into loans values (?)", [(1,), (2,), (3,)])
    raw.close()
    engine = sqlalchemy.create_engine(f"sqlite:///{folder / 't.db'}")
    with engine.connect().execution_options(stream_results=True) as connection:
        rows = connection.execute(sqlalchemy.text("select amount from loans order by amount"))
        assert [len(part) for part in rows.partitions(2)] == [2, 1]
    engine.dispose()


@quick("psycopg")
def _(folder: Path) -> None:
    """What it does with a server stands in tests/tools/data/test_databases.py."""
    import psycopg
    import sqlalchemy

    # the compiled libpq is there, and SQLAlchemy takes it
    assert psycopg.pq.__impl__ == "binary" and psycopg.pq.version() >= 120_000
    engine = sqlalchemy.create_engine("postgresql+psycopg://clerk@nowhere.invalid/trade")
    assert engine.dialect.driver == "psycopg" and engine.dialect.dbapi is not None
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect("host=127.0.0.1 port=1 dbname=trade", connect_timeout=5)


def two_clouds() -> tuple[Any, Any]:
    """120 rows by 3 columns, float32, and a class that the first column gives away but for noise."""
    import numpy as np

    random = np.random.default_rng(0)
    y = np.repeat([0, 1], [80, 40])
    x = random.normal(size=(120, 3)).astype(np.float32)
    x[:, 0] += 2 * y
    return x, y


@heavy("scikit-learn")
def _(folder: Path) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    x, y = two_clouds()
    model = LogisticRegression().fit(x, y)
    assert roc_auc_score(y, model.predict_proba(x)[:, 1]) > 0.8


@heavy("xgboost")
@heavy("xgboost-cpu")
def _(folder: Path) -> None:
    import xgboost as xgb

    x, y = two_clouds()
    model = xgb.XGBClassifier(n_estimators=5, max_depth=2, n_jobs=1, random_state=0).fit(x, y)
    shares = model.get_booster().predict(xgb.DMatrix(x), pred_contribs=True)
    assert shares.shape == (120, 4)


@heavy("lightgbm")
def _(folder: Path) -> None:
    import lightgbm as lgb
    import numpy as np

    x, y = two_clouds()
    parameters = {"objective": "binary", "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbose": -1}
    booster = lgb.train(parameters, lgb.Dataset(x, label=y), num_boost_round=5)
    assert np.shape(booster.predict(x, pred_contrib=True)) == (120, 4)


@heavy("imbalanced-learn")
def _(folder: Path) -> None:
    from imblearn.over_sampling import SMOTE

    x, y = two_clouds()
    _, balanced = SMOTE(random_state=0).fit_resample(x, y)
    assert (balanced == 0).sum() == (balanced == 1).sum() == 80


@quick("optuna")
def _(folder: Path) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=5)
    assert study.best_value < 0.2


@heavy("mlflow")
def _(folder: Path) -> None:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.create_experiment("credit", artifact_location=(folder / "artifacts").as_uri())
    run = client.create_run(experiment)
    client.log_metric(run.info.run_id, "roc_auc", 0.79)
    assert client.get_run(run.info.run_id).data.metrics == {"roc_auc": 0.79}


def scorer_graph() -> Any:
    """A two-input sum as an ONNX model."""
    from onnx import TensorProto, helper

    rows = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])
    total = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    graph = helper.make_graph([helper.make_node("ReduceSum", ["x", "axes"], ["y"])], "sum", [rows], [total], [axes])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


@quick("onnx")
def _(folder: Path) -> None:
    import onnx

    onnx.checker.check_model(scorer_graph())


@quick("onnxruntime")
def _(folder: Path) -> None:
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(scorer_graph().SerializeToString(), providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": np.array([[1, 2], [3, 4]], np.float32)})[0].tolist() == [[3.0], [7.0]]


@heavy("skl2onnx")
def _(folder: Path) -> None:
    import numpy as np
    import onnxruntime
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    x, y = two_clouds()
    model = LogisticRegression().fit(x, y)
    onx = to_onnx(model, x[:1], target_opset={"": 21, "ai.onnx.ml": 3}, options={"zipmap": False})
    session = onnxruntime.InferenceSession(onx.SerializeToString(), providers=["CPUExecutionProvider"])
    ours = session.run(None, {"X": x})[1]
    assert np.abs(ours - model.predict_proba(x)).max() < 1e-5


@quick("packaging")
def _(folder: Path) -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    assert Requirement("numpy>=2.4; python_version > '3'").marker is not None
    assert canonicalize_name("Scikit_Learn") == "scikit-learn"


@quick("matplotlib")
def _(folder: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.add_subplot().plot([1, 2, 3])
    out = io.StringIO()
    figure.savefig(out, format="svg")
    assert "<svg" in out.getvalue()


def one_cell_notebook() -> Any:
    import nbformat

    version: Any = nbformat.v4
    return version.new_notebook(cells=[version.new_code_cell("1 + 1")])


@quick("nbformat")
def _(folder: Path) -> None:
    import nbformat

    nbformat.validate(one_cell_notebook())


@heavy("ipykernel")
@heavy("nbclient")
def _(folder: Path) -> None:
    from nbclient import NotebookClient

    book = one_cell_notebook()
    NotebookClient(book, timeout=120, kernel_name="python3").execute()
    assert book.cells[0].outputs[0].data["text/plain"] == "2"


@quick("jinja2")
def _(folder: Path) -> None:
    import jinja2

    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string("{{ column }}")
    assert template.render(column="<b>") == "&lt;b&gt;"


@quick("markdown-it-py")
def _(folder: Path) -> None:
    from markdown_it import MarkdownIt

    assert MarkdownIt("commonmark", {"html": False}).render("a *b* <i>") == "<p>a <em>b</em> &lt;i&gt;</p>\n"


@quick("fastapi")
@quick("httpx")
def _(folder: Path) -> None:
    import fastapi
    import httpx

    app = fastapi.FastAPI()

    @app.get("/livez")
    async def live() -> dict[str, bool]:
        return {"live": True}

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.get("/livez")

    assert asyncio.run(ask()).json() == {"live": True}


@quick("uvicorn")
def _(folder: Path) -> None:
    import httpx
    import uvicorn

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + 20
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 204
    finally:
        server.should_exit = True
        thread.join(timeout=20)
    assert not thread.is_alive()


@quick("prometheus-client")
def _(folder: Path) -> None:
    import prometheus_client

    registry = prometheus_client.CollectorRegistry()
    prometheus_client.Counter("rows", "Rows scored", registry=registry).inc(3)
    assert b"rows_total 3.0" in prometheus_client.generate_latest(registry)


@quick("securesystemslib")
def _(folder: Path) -> None:
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # public, but not in its __all__

    signer = CryptoSigner.generate_ed25519()
    envelope = Envelope(b"{}", "application/vnd.in-toto+json", {})
    envelope.sign(signer)
    assert list(envelope.verify([signer.public_key], 1)) == [signer.public_key.keyid]


@quick("cyclonedx-python-lib")
def _(folder: Path) -> None:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from cyclonedx.output.json import JsonV1Dot6
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    bom = Bom(components=[Component(name="numpy", version="2.4")])
    bom.metadata.component = Component(name="bundle")
    bom.register_dependency(bom.metadata.component, bom.components)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(JsonV1Dot6(bom).output_as_string()) is None


@quick("textual")
def _(folder: Path) -> None:
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class Page(App[None]):
        def compose(self) -> ComposeResult:
            yield Static("[column]", markup=False, id="name")

    async def look() -> str:
        page = Page()
        async with page.run_test(size=(40, 5)):
            return str(page.query_one("#name", Static).render())

    assert asyncio.run(look()) == "[column]"


# What only the tests use; the rest of that group is the loop itself


@quick("hypothesis")
def _(folder: Path) -> None:
    from hypothesis import given, settings
    from hypothesis import strategies as st

    @settings(max_examples=10, database=None)
    @given(st.lists(st.integers()))
    def twice_reversed(values: list[int]) -> None:
        assert values[::-1][::-1] == values

    twice_reversed()


@heavy("statsmodels")
def _(folder: Path) -> None:
    from statsmodels.stats.proportion import proportion_confint

    lower, upper = proportion_confint(10, 100, method="wilson")
    assert lower == pytest.approx(0.0552, abs=1e-4) and upper == pytest.approx(0.1744, abs=1e-4)


@quick("kubernetes-validate")
def _(folder: Path) -> None:
    import kubernetes_validate

    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    version = kubernetes_validate.latest_version()
    kubernetes_validate.validate(service, version, strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**service, "spec": {"ports": "many"}}, version, strict=True)


LOOP = {
    *("pytest", "pytest-xdist", "pytest-timeout", "pytest-textual-snapshot"),
    *("ruff", "mypy", "import-linter", "pandas-stubs", "types-pyyaml"),
}
"""The quick loop can't pass without these, so it is their test."""


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder, telemetry off, and nothing written into the user's own folders."""
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "matplotlib"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "jupyter"))
    return tmp_path


@pytest.mark.parametrize("name", sorted(set(QUICK) & set(declared() + declared(dev=True))))
def test_a_light_dependency_does_what_it_is_here_for(name: str, quiet: Path) -> None:
    QUICK[name](quiet)


# Their own use of what other libraries call outdated is no fault of this code.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.integration
@pytest.mark.parametrize("name", sorted(set(HEAVY)))
def test_a_heavy_dependency_does_what_it_is_here_for(name: str, quiet: Path) -> None:
    HEAVY[name](quiet)


def test_no_dependency_is_without_a_smoke_test() -> None:
    assert set(declared()) - set(QUICK) - set(HEAVY) == set()
    assert set(declared(dev=True)) - set(QUICK) - set(HEAVY) - LOOP == set()


def test_no_smoke_test_is_without_its_dependency() -> None:
    assert (set(QUICK) | set(HEAVY) | LOOP) - set(declared()) - set(declared(dev=True)) == set()


def test_each_dependency_states_its_reason() -> None:
    """A comment speaks for the dependencies right below it, for five at most: a longer list hides what one is for."""
    unexplained = []
    inside, under = False, 5
    for line in (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text in ("dependencies = [", "dev = ["):
            inside, under = True, 5
        elif text == "]":
            inside = False
        elif inside and text.startswith("#"):
            under = 0
        elif inside and text.startswith('"'):
            under += 1
            if under > 5:
                unexplained.append(text)
    assert unexplained == []


@pytest.mark.parametrize(("lock", "dev"), [("requirements.lock", False), ("requirements-dev.lock", True)])
def test_each_lock_holds_what_is_declared(lock: str, dev: bool) -> None:
    wanted = {canonical(name) for name in declared() + (declared(dev=True) if dev else [])}
    assert wanted - locked(lock) == set()


def test_the_development_lock_pins_what_the_runtime_lock_pins() -> None:
    def pins(name: str) -> set[str]:
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        return {" ".join(match[0].split()) for match in re.finditer(r"^[A-Za-z0-9_.\[\],-]+==[^\\\n]+", text, re.M)}

    assert pins("requirements.lock") - pins("requirements-dev.lock") == set()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-boot.lock"])
def test_each_locked_package_carries_a_hash(lock: str) -> None:
    text = (REPOSITORY / lock).read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M)
    assert [block.split("\n", 1)[0] for block in blocks if "==" in block and "--hash=sha256:" not in block] == []
