"""Keeps the statements that dbt-snowflake would send, as goldens for src/run/snowflake-statements.test.ts.

    <python with dbt-snowflake> packages/transform/interop/snowflake-oracle.py

There is no server: the driver's connect() is replaced by one that writes down each statement and answers from
fixtures/snowflake-answers.json. So this is a golden of text, not of behaviour.
"""
import json, pathlib, re, shutil, sys, tempfile
import snowflake.connector
from snowflake.connector.converter import SnowflakeConverter

fixtures = pathlib.Path(__file__).parent.parent / "fixtures"
answers = json.loads((fixtures / "snowflake-answers.json").read_text())
converter = SnowflakeConverter()
recorded, state = [], {"name": "empty"}


class Cursor:
    sqlstate, sfqid, rowcount, stats = None, None, 1, None

    def execute(self, sql, bindings=None, **_):
        if bindings:
            sql = sql % tuple(converter.quote(converter.escape(converter.to_snowflake(value))) for value in bindings)
        text = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/|--[^\n]*", " ", sql, flags=re.S)).strip()
        recorded.append(sql)
        for answer in answers:
            if re.search(answer["match"], text, re.I | re.S) and answer.get("state", state["name"]) == state["name"]:
                self.description = [(name, 2, None, None, None, None, True) for name in answer["columns"]]
                self.rows = [tuple(row) for row in answer["rows"]]
                return self

    def fetchall(self):
        return self.rows

    def fetchmany(self, count):
        return self.rows[:count]

    def fetchone(self):
        return self.rows[0] if self.rows else None

    def close(self):
        pass


class Handle:
    session_id = 1

    def cursor(self, *_, **__):
        return Cursor()

    def close(self):
        pass

    def is_closed(self):
        return False

    def rollback(self):
        recorded.append("ROLLBACK")


snowflake.connector.connect = lambda **_: Handle()
import dbt.adapters.snowflake.connections as connections  # noqa: E402
from dbt.cli.main import dbtRunner  # noqa: E402

nodes = {
    "models": [path.stem for path in sorted((fixtures / "snowflake/models").glob("*.sql"))],
    "seeds": ["codes"],
    "snapshots": ["history", "history_ended", "history_renewed"],
}
golden = {}
with tempfile.TemporaryDirectory() as folder:
    project = shutil.copytree(fixtures / "snowflake", pathlib.Path(folder) / "project")
    for name in [*nodes["models"], *nodes["seeds"], *nodes["snapshots"], "test"]:
        for case, flags in [("first", []), ("second", []), ("full-refresh", ["--full-refresh"])]:
            state["name"] = "empty" if case == "first" else "filled"
            recorded.clear()
            if name == "test":
                command = ["test", "--select", "not_null_plain_id"]
            else:
                command = ["build", "--select", name, "--exclude", "resource_type:test"]
            takes_flags = name in nodes["models"] + nodes["seeds"]
            result = dbtRunner().invoke([
                "--no-send-anonymous-usage-stats", "--quiet", *command, *(flags if takes_flags else []),
                "--project-dir", str(project), "--profiles-dir", str(project),
            ])
            if not result.success:
                failed = [item.message for item in getattr(result.result, "results", [])]
                print(name, case, result.exception, failed, file=sys.stderr)
            golden.setdefault(name, {})[case] = list(recorded)
(fixtures / "snowflake.golden.json").write_text(json.dumps(golden, indent=1) + "\n")
