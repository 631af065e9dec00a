"""Asks dbt-core what selections of fixtures/selection find, and writes fixtures/selection.golden.json.

Run with the Python of a virtual environment that has dbt-core and dbt-duckdb: `python interop/selection-oracle.py`.
"""

import json
import pathlib
import shutil
import tempfile
import contextlib
import io

from dbt.cli.main import dbtRunner

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
MODES = ["eager", "cautious", "buildable", "empty"]

SELECTIONS = """
orders
+orders
orders+
+orders+
1+orders
orders+1
2+report
0+report
@stg_customers
@countries
stg_orders stg_customers
stg_orders,tag:nightly
+report,tag:nightly
+report,+order_history
tag:nightly
tag:night*
tag:strict
tag:raw_tag
tag:board
tag:units
tag:from_package
tag:stat?c
tag:[ds]*
tag:[!n]*
group:finance
group:fin*
access:private
access:public
access:protected
source:raw
source:raw+
source:raw.orders
source:selection.raw.orders
source:*.clicks
source:raw.*
path:models/staging
path:models/staging/
path:models/marts/core
path:models/marts/*.sql
path:models/**/*.sql
path:models/marts/**
path:models/staging/staging.yml
path:seeds
path:tests
path:packages
models/staging
models/staging/stg_orders.sql
./models/marts/core
file:stg_orders.sql
file:stg_orders
file:stg_*
stg_orders.sql
countries.csv
package:helper
package:this
package:sel*
config.materialized:table
config.materialized:ephemeral
config.severity:WARN
config.severity:error
config.tags:core
config.meta.owner:ada
config.meta.level:3
config.meta.checked:true
config.enabled:true
config.group:finance
config.nothing:here
test_name:unique
test_name:at_least
test_name:not_*
test_name:counts_per_country
test_type:generic
test_type:singular
test_type:unit
test_type:data
resource_type:model
resource_type:source
resource_type:exposure
resource_type:unit_test
resource_type:analysis
resource_type:seed
resource_type:snapshot
exposure:weekly_board
+exposure:weekly_board
exposure:selection.*
unit_test:counts_per_country
unit_test:selection.orders*
version:latest
version:old
version:prerelease
version:none
dim_customers
dim_customers.v1
dim_customers_v2
dim_customers.v9
selection
selection.marts
selection.marts.core
marts
marts.core.orders
marts.*
*.core.*
*orders
selection.*.stg_*
staging
helper
helper.staging.calendar
calendar
blank
retired
nothing_at_all
order_history
orders_have_customers
unique_stg_orders_id
relationships_stg_orders_customer_id__id__ref_stg_customers_
stg_orders,test_type:generic
tag:nightly,test_name:not_null
""".strip().split("\n")

EXCLUSIONS = [
    ([], ["tag:nightly"]),
    ([], ["resource_type:test", "resource_type:unit_test"]),
    (["stg_orders+"], ["orders"]),
    (["stg_orders+"], ["orders+"]),
    (["+report"], ["stg_customers"]),
    (["+report"], ["source:*"]),
    (["tag:nightly"], ["test_name:unique"]),
    (["orders", "report"], ["test_type:generic"]),
]

SELECTORS = ["nightly", "without_clicks", "both", "inherited", "careful", "flagged", "minus", "family"]

TYPES = [
    ["--resource-type", "model"],
    ["--resource-type", "test"],
    ["--resource-type", "test", "--resource-type", "unit_test"],
    ["--resource-type", "all"],
    ["--resource-type", "default"],
    ["--exclude-resource-type", "test", "--exclude-resource-type", "source"],
]

KEPT = """name resource_type package_name path original_file_path unique_id fqn tags config access group version
latest_version patch_path source_name raw_code test_metadata depends_on search_name alias""".split()
CONFIG_KEPT = "enabled materialized severity tags meta group".split()


def trimmed(entry):
    kept = {key: entry[key] for key in KEPT if key in entry}
    kept["config"] = {key: value for key, value in entry["config"].items() if key in CONFIG_KEPT}
    kept["depends_on"] = {"macros": [], "nodes": entry.get("depends_on", {}).get("nodes", [])}
    return kept


def main():
    with tempfile.TemporaryDirectory() as folder:
        project = pathlib.Path(folder) / "selection"
        shutil.copytree(FIXTURES / "selection", project)
        base = ["--project-dir", str(project), "--profiles-dir", str(project), "--quiet"]
        runner = dbtRunner()
        runner.invoke(["deps", "--project-dir", str(project), "--quiet"])

        def ls(*arguments):
            with contextlib.redirect_stdout(io.StringIO()):
                result = runner.invoke(
                    ["ls", *base, "--output", "json", "--output-keys", "unique_id", *arguments]
                )
            if not result.success:
                raise SystemExit(f"{arguments}: {result.exception}")
            return [json.loads(line)["unique_id"] for line in result.result]

        cases = []
        for selection in SELECTIONS:
            cases.append({"select": selection.split(" ")})
        for term in ["stg_orders", "stg_orders stg_customers", "+orders", "stg_orders+", "orders,tag:core", "source:raw",
                     "@countries", "country_counts", "int_customers", "orders stg_customers int_customers", "tag:nightly"]:
            cases += [{"select": term.split(" "), "indirectSelection": mode} for mode in MODES[1:]]
        cases += [{"select": select, "exclude": exclude} for select, exclude in EXCLUSIONS]
        cases += [{"select": select, "exclude": exclude, "indirectSelection": "cautious"} for select, exclude in EXCLUSIONS]
        cases += [{"selector": name} for name in SELECTORS]
        cases += [{"selector": name, "indirectSelection": "buildable"} for name in SELECTORS]
        cases += [{"types": types} for types in TYPES]
        for case in cases:
            arguments = []
            if case.get("select"):
                arguments += ["--select", *case["select"]]
            if case.get("exclude"):
                arguments += ["--exclude", *case["exclude"]]
            if "selector" in case:
                arguments += ["--selector", case["selector"]]
            if "indirectSelection" in case:
                arguments += ["--indirect-selection", case["indirectSelection"]]
            case["ids"] = ls(*arguments, *case.get("types", []))

        manifest = json.loads((project / "target" / "manifest.json").read_text())
        groups = "nodes sources exposures metrics semantic_models saved_queries unit_tests".split()
        golden = {
            "manifest": {
                "metadata": {"project_name": "selection"},
                **{group: {id: trimmed(entry) for id, entry in manifest[group].items()} for group in groups},
            },
            "cases": cases,
        }
        (FIXTURES / "selection.golden.json").write_text(json.dumps(golden, indent=1) + "\n")
        print(len(cases), "cases")


main()
