"""Builds fixtures/outcomes with dbt-core and writes what it printed and recorded to fixtures/outcomes.golden.json.

Run with the Python of a virtual environment that has dbt-core and dbt-duckdb: `python interop/outcomes-oracle.py`.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
KEPT = "name resource_type database schema alias original_file_path compiled_path config model version unique_id".split()


def main():
    dbt = os.path.join(os.path.dirname(sys.executable), "dbt")
    with tempfile.TemporaryDirectory() as folder:
        project = pathlib.Path(folder) / "outcomes"
        shutil.copytree(FIXTURES / "outcomes", project)
        run = subprocess.run(
            [dbt, "--no-send-anonymous-usage-stats", "--no-use-colors", "build", "--profiles-dir", "."],
            cwd=project, capture_output=True, text=True,
        )
        manifest = json.loads((project / "target" / "manifest.json").read_text())
        results = json.loads((project / "target" / "run_results.json").read_text())
    entries = {**manifest["nodes"], **manifest["exposures"], **manifest["unit_tests"]}
    golden = {
        "exitCode": run.returncode,
        "output": run.stdout.split("\n"),
        "elapsedSeconds": results["elapsed_time"],
        "results": results["results"],
        "args": {key: value for key, value in results["args"].items() if not key.endswith(("_dir", "_path"))},
        "entries": {
            id: {key: value for key, value in entries[id].items() if key in KEPT}
            for id in (result["unique_id"] for result in results["results"])
        },
    }
    (FIXTURES / "outcomes.golden.json").write_text(json.dumps(golden, indent=1) + "\n")


main()
