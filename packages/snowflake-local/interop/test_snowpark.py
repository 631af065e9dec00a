"""Snowpark for Python, unmodified, against the endpoint. Functions and procedures in Python are not there."""

import pytest

pytest.importorskip("snowflake.snowpark")

from snowflake.snowpark import Row, Session, Window  # noqa: E402
from snowflake.snowpark.functions import avg, col, lit, rank, row_number, sum as total, upper, when  # noqa: E402
from snowflake.snowpark.types import IntegerType, StringType, StructField, StructType  # noqa: E402


@pytest.fixture(scope="module")
def session(settings, database):
    made = Session.builder.configs({**settings, "database": database, "schema": "PUBLIC"}).create()
    yield made
    made.close()


@pytest.fixture(scope="module")
def sales(session):
    rows = [(1, "ada", 10.0), (2, "bob", 20.0), (3, "ada", 30.0), (4, None, 40.0)]
    frame = session.create_dataframe(rows, schema=["ID", "WHO", "PAID"])
    frame.write.save_as_table("SALES", mode="overwrite")
    return session.table("SALES")


def test_the_session_knows_where_it_is(session, database):
    assert session.get_current_database() == f'"{database}"'
    assert session.get_current_schema() == '"PUBLIC"'
    assert session.sql("select 1 as ONE").collect() == [Row(ONE=1)]


def test_frames_are_filtered_grouped_and_sorted(sales):
    assert sales.count() == 4
    assert [tuple(row) for row in sales.filter(col("PAID") > 15).select(upper(col("WHO"))).sort("ID").collect()] == [("BOB",), ("ADA",), (None,)]
    grouped = sales.group_by("WHO").agg(total("PAID").alias("S"), avg("PAID").alias("A")).sort(col("S"))
    assert [tuple(row) for row in grouped.collect()] == [("bob", 20.0, 20.0), ("ada", 40.0, 20.0), (None, 40.0, 40.0)] or [
        tuple(row) for row in grouped.collect()
    ] == [("bob", 20.0, 20.0), (None, 40.0, 40.0), ("ada", 40.0, 20.0)]


def test_frames_are_joined_and_united(session, sales):
    names = session.create_dataframe([("ada", "Ada L."), ("bob", "Bob")], schema=["KEY", "FULL_NAME"])
    joined = sales.join(names, sales["WHO"] == names["KEY"], "left").select("ID", "FULL_NAME").sort("ID")
    assert [tuple(row) for row in joined.collect()] == [(1, "Ada L."), (2, "Bob"), (3, "Ada L."), (4, None)]
    assert sales.union_all(sales).count() == 8
    assert sales.select("WHO").distinct().count() == 3


def test_windows_and_conditions(sales):
    window = Window.partition_by("WHO").order_by(col("PAID").desc())
    ranked = sales.select("ID", row_number().over(window).alias("N"), rank().over(window).alias("R")).sort("ID")
    assert [tuple(row) for row in ranked.collect()] == [(1, 2, 2), (2, 1, 1), (3, 1, 1), (4, 1, 1)]
    cased = sales.select("ID", when(col("PAID") > 25, lit("high")).otherwise(lit("low")).alias("KIND")).sort("ID")
    assert [row["KIND"] for row in cased.collect()] == ["low", "low", "high", "high"]


def test_the_schema_of_a_frame_is_known(session):
    schema = StructType([StructField("A", IntegerType()), StructField("B", StringType())])
    frame = session.create_dataframe([[1, "x"], [2, None]], schema)
    assert [field.name for field in frame.schema.fields] == ["A", "B"]
    assert [tuple(row) for row in frame.sort("A").collect()] == [(1, "x"), (2, None)]


def test_tables_are_changed(session):
    session.create_dataframe([(1, "a"), (2, "b")], schema=["ID", "V"]).write.save_as_table("CHANGED", mode="overwrite")
    table = session.table("CHANGED")
    assert table.update({"V": lit("z")}, table["ID"] == 1).rows_updated == 1
    source = session.create_dataframe([(2, "m"), (3, "n")], schema=["ID", "V"])
    from snowflake.snowpark.functions import when_matched, when_not_matched

    merged = table.merge(
        source,
        table["ID"] == source["ID"],
        [when_matched().update({"V": source["V"]}), when_not_matched().insert({"ID": source["ID"], "V": source["V"]})],
    )
    assert (merged.rows_inserted, merged.rows_updated) == (1, 1)
    assert table.delete(table["ID"] == 1).rows_deleted == 1
    assert [tuple(row) for row in session.table("CHANGED").sort("ID").collect()] == [(2, "m"), (3, "n")]


def test_frames_become_pandas_and_come_from_files(session, tmp_path):
    pytest.importorskip("pandas")
    frame = session.create_dataframe([(1, 1.5), (2, 2.5)], schema=["A", "B"]).sort("A").to_pandas()
    assert list(frame["B"]) == [1.5, 2.5]
    (tmp_path / "in.csv").write_text("1,x\n2,y\n")
    session.sql("create or replace stage FILES").collect()
    session.file.put(f"file://{tmp_path}/in.csv", "@FILES", auto_compress=False)
    schema = StructType([StructField("A", IntegerType()), StructField("B", StringType())])
    assert [tuple(row) for row in session.read.schema(schema).csv("@FILES/in.csv").sort("A").collect()] == [(1, "x"), (2, "y")]
