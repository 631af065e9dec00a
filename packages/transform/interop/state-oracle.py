"""Changes fixtures/selection in one place after the other, asks dbt-core what `state:` finds, and writes
fixtures/state.golden.json: the manifest before, and for every change what became of it and what was found.

Run with the Python of a virtual environment that has dbt-core and dbt-duckdb: `python interop/state-oracle.py`.
"""

import contextlib
import io
import json
import pathlib
import shutil
import tempfile

from dbt.cli.main import dbtRunner

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
VALUES = """new old modified unmodified modified.body modified.configs modified.persisted_descriptions modified.relation
modified.macros modified.contract""".split()
GROUPS = "nodes sources exposures metrics semantic_models saved_queries unit_tests".split()
VOLATILE = "created_at root_path build_path compiled_path docs doc_blocks _event_status path source_meta".split()

# Before anything is compared: descriptions that are persisted, and a contract.
PREPARATION = [
    ("models/staging/staging.yml", "config: {meta: {owner: ada, level: 3, checked: true}}",
     "description: People.\n    config: {meta: {owner: ada}, persist_docs: {relation: true, columns: true}}"),
    ("models/staging/staging.yml", "      - name: id\n        data_tests: [unique]\n",
     "      - name: id\n        description: Who it is.\n        data_tests: [unique]\n"),
    ("models/marts/marts.yml", "  - name: retired\n",
     "  - name: country_counts\n    config: {contract: {enforced: true}}\n    columns:\n"
     "      - {name: country, data_type: varchar}\n      - {name: n, data_type: bigint}\n  - name: retired\n"),
]

CHANGES = {
    "the text of a model": [("models/staging/stg_orders.sql", "select id", "select  id")],
    "the configuration within a model": [("models/marts/core/orders.sql", "tags=", "materialized='view', tags=")],
    "the tags within a model": [("models/marts/core/orders.sql", "'daily'", "'weekly'")],
    "the alias of a model": [("models/marts/core/orders.sql", "tags=", "alias='all_orders', tags=")],
    "the configuration of a folder": [("dbt_project.yml", "materialized: view", "materialized: table")],
    "the schema of a folder": [("dbt_project.yml", "      +materialized: table", "      +materialized: table\n      +schema: marts")],
    "the tags of a folder": [("dbt_project.yml", "[nightly]", "[nightly, weekly]")],
    "meta of a model": [("models/staging/staging.yml", "owner: ada", "owner: bob")],
    "a description that is persisted": [("models/staging/staging.yml", "People.", "Persons.")],
    "a column's description that is persisted": [("models/staging/staging.yml", "Who it is.", "The key.")],
    "a description that is not persisted": [("models/marts/marts.yml", "  - name: report\n", "  - name: report\n    description: All.\n")],
    "a macro below another": [("macros/lowest.sql", "1", "2")],
    "a new model": [("models/marts/fresh.sql", None, "select * from {{ ref('orders') }}")],
    "a model that is gone": [("models/marts/blank.sql", None, None)],
    "the rows of a seed": [("seeds/countries.csv", "2,fr", "2,it")],
    "the identifier of a source": [("models/staging/sources.yml", "      - name: customers", "      - name: customers\n        identifier: people")],
    "the freshness of a source": [("models/staging/sources.yml", "  - name: other\n", "  - name: other\n    loaded_at_field: at\n    freshness: {warn_after: {count: 1, period: day}}\n")],
    "a new source": [("models/staging/sources.yml", "      - name: clicks", "      - name: clicks\n      - name: views")],
    "a type of a contract": [("models/marts/marts.yml", "data_type: bigint", "data_type: integer")],
    "a column that a contract gains": [("models/marts/marts.yml", "      - {name: n, data_type: bigint}", "      - {name: n, data_type: bigint}\n      - {name: o, data_type: bigint}")],
    "a contract that is no longer enforced": [("models/marts/marts.yml", "enforced: true", "enforced: false")],
    "the owner of an exposure": [("models/marts/marts.yml", "name: Ada, email", "name: Bob, email")],
    "the label of an exposure": [("models/marts/marts.yml", "    type: dashboard", "    type: dashboard\n    label: Board")],
    "the rows of a unit test": [("models/marts/marts.yml", "rows: [{country: de, n: 2}]", "rows: [{country: de, n: 3}]")],
    "the severity of a test": [("models/staging/staging.yml", "severity: warn", "severity: error")],
    "the tags of a test": [("models/staging/staging.yml", "tags: [strict]", "tags: [lax]")],
    "the text of a singular test": [("tests/orders_have_customers.sql", "where", "WHERE")],
    "the access of a model": [("models/marts/marts.yml", "access: public", "access: protected")],
    "the latest version": [("models/marts/marts.yml", "latest_version: 2", "latest_version: 3")],
    "the configuration of a snapshot": [("snapshots/order_history.sql", "check_cols='all'", "check_cols=['amount']")],
    "the schema of a snapshot": [("snapshots/order_history.sql", "target_schema='history'", "target_schema='past'")],
    "the folder of a model": [("models/marts/country_counts.sql", None, None), ("models/marts/core/country_counts.sql", None, "COPY")],
}


def edit(project, changes):
    kept = {}
    for file, old, new in changes:
        path = project / file
        text = path.read_text() if path.exists() else None
        kept.setdefault(file, text)
        if old is None and new is None:
            path.unlink()
        elif old is None:
            path.write_text(kept["models/marts/country_counts.sql"] if new == "COPY" else new)
        else:
            assert old in text, (file, old)
            path.write_text(text.replace(old, new, 1))
    return kept


def undo(project, kept):
    for file, text in kept.items():
        if text is None:
            (project / file).unlink()
        else:
            (project / file).write_text(text)


def main():
    with tempfile.TemporaryDirectory() as folder:
        project = pathlib.Path(folder) / "selection"
        shutil.copytree(FIXTURES / "selection", project)
        base = ["--project-dir", str(project), "--profiles-dir", str(project), "--quiet", "--no-partial-parse"]
        runner = dbtRunner()

        def invoke(*arguments):
            with contextlib.redirect_stdout(io.StringIO()):
                return runner.invoke([*arguments])

        def manifest():
            content = json.loads((project / "target" / "manifest.json").read_text())
            own = {id: macro for id, macro in content["macros"].items() if not id.startswith("macro.dbt")}
            return {
                **{
                    group: {
                        id: {key: value for key, value in entry.items() if key not in VOLATILE}
                        for id, entry in content[group].items()
                    }
                    for group in GROUPS
                },
                "macros": {
                    id: {"macro_sql": macro["macro_sql"], "depends_on": macro["depends_on"]} for id, macro in own.items()
                },
            }

        invoke("deps", "--project-dir", str(project), "--quiet")
        edit(project, PREPARATION)
        assert invoke("parse", *base).success
        before = manifest()
        shutil.copytree(project / "target", project / "state")
        cases = []
        for title, changes in CHANGES.items():
            kept = edit(project, changes)
            # Partial parsing is fast here, and sees the one file that was changed.
            flags = [flag for flag in base if flag != "--no-partial-parse"]
            parsed = invoke("parse", *flags)
            if not parsed.success:
                raise SystemExit(f"{title}: {parsed.exception}")
            after = manifest()
            found = {}
            for value in VALUES:
                result = invoke("ls", *flags, "--state", str(project / "state"), "--select", f"state:{value}",
                                "--indirect-selection", "empty", "--output", "json", "--output-keys", "unique_id")
                found[value] = (
                    [json.loads(line)["unique_id"] for line in result.result] if result.success else str(result.exception)
                )
            undo(project, kept)
            difference = {
                group: {id: entry for id, entry in after[group].items() if before[group].get(id) != entry}
                for group in [*GROUPS, "macros"]
            }
            gone = [id for group in GROUPS for id in before[group] if id not in after[group]]
            found["old"] = len(found["old"])
            found["unmodified"] = len(found["unmodified"])
            cases.append({"title": title, "changed": {k: v for k, v in difference.items() if v}, "gone": gone, "found": found})
            print(title, {value: ids for value, ids in found.items() if ids and value not in ("old", "unmodified")}, flush=True)
        golden = {"before": before, "cases": cases}
        (FIXTURES / "state.golden.json").write_text(json.dumps(golden, indent=1) + "\n")


main()
