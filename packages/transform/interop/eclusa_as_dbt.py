"""A pytest plugin that lets test suites written for dbt's adapters run our command in the place of dbt.

Such suites (dbt-tests-adapter and the functional tests of dbt-postgres and dbt-duckdb) hold projects as texts, run dbt
on them within the process, and look at results, artifacts, output and tables. The adapters stay what they are: they
prepare tables and look at them. Only `dbtRunner.invoke` is another: it starts the command, and makes of its exit code,
its artifacts and its output what dbt would have returned.

    ECLUSA_TRANSFORM="node runners/transform/src/main.ts" PYTHONPATH=packages/transform/interop \
        pytest -p eclusa_as_dbt <folder of tests>

Not seen this way, and so to be left out: tests that replace parts of dbt in the process (the clock, the cache), and
those that expect the class of an error rather than that there is one.
"""

import gc
import json
import os
import re
import shlex
import subprocess
import time
from types import SimpleNamespace

import agate
import dbt.cli.main
import dbt_common.events.functions as event_functions
from dbt.adapters.factory import FACTORY
from dbt.artifacts.schemas.catalog import CatalogArtifact
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.cli.exceptions import DbtUsageException
from dbt.cli.main import dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt.exceptions import (
    DbtReferenceError,
    DuplicateResourceNameError,
    InvalidAccessTypeError,
    ProjectContractError,
    YamlParseDictError,
)
from dbt_common.dataclass_schema import ValidationError
from dbt_common.exceptions import DbtDatabaseError, DbtInternalError

PROGRAM = shlex.split(os.environ["ECLUSA_TRANSFORM"])
COMMANDS = (
    "run build test seed snapshot run-operation clone compile retry show parse list ls deps clean debug init docs source"
).split()


class ProjectRefused(
    DuplicateResourceNameError,
    InvalidAccessTypeError,
    YamlParseDictError,
    ProjectContractError,
    DbtDatabaseError,
    DbtInternalError,
    DbtReferenceError,
    DbtUsageException,
    ValidationError,
):
    """Of every class that a test may expect: the command has exit codes and sentences, no classes."""

    def __init__(self, text):
        Exception.__init__(self, text)
        self.msg = self.message = text
        self.node = None
        self.stack = []
        self.result_type = "invalid_project"
        self.path = None

    def __str__(self):
        return self.msg


class Results(list):
    """Both a list of results and the object of dbt that has one."""

    def __init__(self, results, **facts):
        super().__init__(results)
        self.results = self
        self.__dict__.update(facts)


class Capture:
    """What `run_dbt_and_capture` reads."""

    stream = None

    @classmethod
    def begin(cls, stream):
        cls.stream = stream

    @classmethod
    def end(cls):
        cls.stream = None


class CommandRunner:
    def __init__(self, manifest=None, callbacks=None):
        self.callbacks = callbacks or []

    def invoke(self, args, **flags):
        words = [str(word) for word in args] + [word for flag in flags.items() for word in words_of(*flag)]
        # Of `ls` a test reads what was printed, and not what was told beside it.
        if ("ls" in words or "list" in words) and "-q" not in words and "--quiet" not in words:
            words.append("--quiet")
        release_databases()
        started = time.time()
        done = subprocess.run(PROGRAM + words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
        output = done.stdout + done.stderr
        print(output)
        if Capture.stream is not None:
            Capture.stream.write(output)
        forget_relations()
        return outcome_of(words, done, started)


def words_of(name, value):
    flag = name.replace("_", "-")
    if value is None:
        return []
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    return [f"--{flag}", *map(str, value if isinstance(value, (list, tuple)) else [value])]


def release_databases():
    """A DuckDB file belongs to one process at a time."""
    for adapter in FACTORY.adapters.values():
        if adapter.type() == "duckdb":
            adapter.cleanup_connections()
            if adapter.connections._ENV is not None:
                adapter.connections._ENV.close()
            adapter.connections.close_all_connections()
            gc.collect()


def forget_relations():
    """The adapter of this process did not see what the command has built."""
    for adapter in FACTORY.adapters.values():
        adapter.cache.clear()
        adapter.acquire_connection("master")


def outcome_of(words, done, started):
    command = next((word for word in words if word in COMMANDS), "run")
    is_good = done.returncode == 0
    if command == "debug" and done.returncode != 2:
        return dbtRunnerResult(success=is_good, result=is_good)
    result = result_of(command, words, started, done)
    if done.returncode == 2 or (not is_good and result is None):
        return dbtRunnerResult(success=False, exception=ProjectRefused(done.stdout + done.stderr))
    return dbtRunnerResult(success=is_good, result=result)


def result_of(command, words, started, done):
    target = target_of(words)
    if command in ("list", "ls"):
        return [line for line in done.stdout.splitlines() if line != ""] if done.returncode == 0 else None
    if command == "parse":
        return manifest_at(target) if done.returncode == 0 else None
    if command in ("deps", "clean", "init"):
        return None
    name = {"docs": "catalog.json", "source": "sources.json"}.get(command, "run_results.json")
    path = option(words, "-o", "--output") if command == "source" else None
    path = path or os.path.join(target, name)
    if not os.path.exists(path) or os.path.getmtime(path) < started - 0.01:
        return Results([]) if done.returncode == 0 and command != "docs" else None
    if command == "docs":
        return CatalogArtifact.read_and_check_versions(path)
    with open(path) as file:
        content = json.load(file)
    manifest = manifest_at(target)
    nodes = {**manifest.nodes, **manifest.sources, **manifest.unit_tests, **manifest.exposures, **manifest.saved_queries}
    results = Results([result_with_node(one, nodes) for one in content["results"]], args=content.get("args"))
    if command == "show" and len(results) == 1:
        results[0].agate_table = table_of(done.stdout)
    return results


def result_with_node(one, nodes):
    node = nodes.get(one["unique_id"])
    code = one.get("compiled_code")
    if node is None:
        node = SimpleNamespace(unique_id=one["unique_id"], name=one["unique_id"].split(".")[-1], compiled_code=code)
    elif code is not None:
        node.compiled_code = code
        node.compiled = True
    return SimpleNamespace(**{**one, "node": node, "skipped": one.get("status") == "skipped", "to_dict": lambda **_: one})


def table_of(output):
    lines = [line for line in output.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return agate.Table(rows[2:], rows[0]) if len(rows) > 1 else agate.Table([], [], [])


def manifest_at(target):
    path = os.path.join(target, "manifest.json")
    return Manifest.from_writable_manifest(WritableManifest.read_and_check_versions(path))


def target_of(words):
    project = option(words, "--project-dir") or os.environ.get("DBT_PROJECT_DIR") or "."
    named = option(words, "--target-path") or os.environ.get("DBT_TARGET_PATH")
    if named is None and os.path.exists(os.path.join(project, "dbt_project.yml")):
        with open(os.path.join(project, "dbt_project.yml")) as file:
            found = re.search(r"^target-path: *(.+)$", file.read(), re.M)
            named = found and found.group(1).strip("'\" ")
    return os.path.join(project, named or "target")


def option(words, *names):
    return next((words[index + 1] for index, word in enumerate(words[:-1]) if word in names), None)


dbt.cli.main.dbtRunner = CommandRunner
event_functions.capture_stdout_logs = Capture.begin
event_functions.stop_capture_stdout_logs = Capture.end


def pytest_configure(config):
    import dbt.tests.util as util

    def get_manifest(project_root):
        target = target_of(["--project-dir", str(project_root)])
        return manifest_at(target) if os.path.exists(os.path.join(target, "manifest.json")) else None

    util.dbtRunner = CommandRunner
    util.capture_stdout_logs = Capture.begin
    util.stop_capture_stdout_logs = Capture.end
    util.get_manifest = get_manifest
