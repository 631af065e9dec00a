"""Runs the scenarios of fixtures/commands.yml with dbt-core and writes what came of them to fixtures/commands.golden.json.

Run with the Python of a virtual environment that has dbt-core and dbt-duckdb: `python interop/commands-oracle.py`, or with
the names of scenarios that alone are to be run anew. What is kept of a command: its exit code, the statuses of its
results, and the lines of its output and of files that the scenario asks for.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
GOLDEN = FIXTURES / "commands.golden.json"


def main(names):
    scenarios = yaml.safe_load((FIXTURES / "commands.yml").read_text())
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    for scenario in scenarios["scenarios"]:
        if not names or scenario["name"] in names:
            golden[scenario["name"]] = play(scenario, scenarios["files"])
            GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")
    known = [scenario["name"] for scenario in scenarios["scenarios"]]
    GOLDEN.write_text(json.dumps({name: golden[name] for name in known if name in golden}, indent=1) + "\n")


def play(scenario, base):
    with tempfile.TemporaryDirectory() as folder:
        return [step_outcome(step, pathlib.Path(folder)) for step in with_files(scenario, base)]


def with_files(scenario, base):
    steps = [dict(step) for step in scenario["steps"]]
    steps[0]["files"] = {**base, **scenario.get("files", {}), **steps[0].get("files", {})}
    return steps


def step_outcome(step, folder):
    for name, text in step.get("files", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    results = folder / "target" / "run_results.json"
    results.unlink(missing_ok=True)
    words = step["command"] if isinstance(step["command"], list) else step["command"].split(" ")
    dbt = os.path.join(os.path.dirname(sys.executable), "dbt")
    environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "0", "DBT_USE_COLORS": "0", **step.get("env", {})}
    run = subprocess.run([dbt, *words], cwd=folder, capture_output=True, text=True, env=environment, timeout=120)
    return {
        "code": run.returncode,
        **({"statuses": statuses_in(results)} if results.exists() else {}),
        **({"says": kept(run.stdout, step["says"])} if "says" in step else {}),
        **({"files": {name: kept_of_file(folder / name, patterns) for name, patterns in step["reads"].items()}}
           if "reads" in step else {}),
    }


def statuses_in(file):
    return {result["unique_id"]: result["status"] for result in json.loads(file.read_text())["results"]}


def kept_of_file(file, patterns):
    return kept(file.read_text(), patterns) if file.exists() else None


def kept(text, patterns):
    """What the patterns find, line by line, without the time at the beginning of each line."""
    lines = [re.sub(r"^\d\d:\d\d:\d\d  ", "", line) for line in text.split("\n")]
    found = (re.search(pattern, line) for line in lines for pattern in patterns)
    # What is told more than once, in more places than one, is kept once.
    return list(dict.fromkeys(one.group(0) for one in found if one))


main(sys.argv[1:])
