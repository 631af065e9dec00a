"""snowflake-connector-python, unmodified, against the endpoint."""

import datetime
import decimal
import json
import os
import time
import urllib.request

import pytest
import snowflake.connector
from snowflake.connector import DictCursor, errors

JSON_RESULT = {"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "JSON"}
MOMENT = datetime.datetime(2024, 2, 3, 4, 5, 6, 123456)
VERSION = int(snowflake.connector.__version__.split(".")[0])
PLUS_TWO = datetime.timezone(datetime.timedelta(hours=2))

EVERY_TYPE = """
select 1 as one, -7::number(3,0) as small, 1.50::number(10,2) as money,
  12345678901234567890123456789012345678::number(38,0) as wide,
  0.12345678901234567890::number(38,20) as fraction, 2.5::float as real, 'x' as txt, true as flag,
  '2024-02-03'::date as day, '1900-01-01'::date as old_day, '04:05:06.123456'::time as tm,
  '2024-02-03 04:05:06.123456'::timestamp_ntz as ntz, '1901-02-03 04:05:06.5'::timestamp_ntz as old_ntz,
  '2024-02-03 04:05:06.123456 +0200'::timestamp_tz as tz,
  '2024-02-03 04:05:06.123456'::timestamp_ntz(3) as milli, to_binary('00FF') as bin,
  parse_json('{"a":[1,null]}') as doc, array_construct(1, 'b') as list, object_construct('a', 1) as obj, null as nothing
"""


@pytest.fixture
def connection(settings, database):
    with snowflake.connector.connect(**settings, database=database, schema="PUBLIC") as opened:
        yield opened


@pytest.fixture
def cursor(connection):
    with connection.cursor() as opened:
        yield opened


@pytest.fixture
def binding(settings, database):
    with snowflake.connector.connect(**settings, database=database, schema="PUBLIC", paramstyle="qmark") as opened:
        yield opened


def expected_types():
    return {
        "ONE": 1,
        "SMALL": -7,
        "MONEY": decimal.Decimal("1.50"),
        "WIDE": 12345678901234567890123456789012345678,
        "FRACTION": decimal.Decimal("0.12345678901234567890"),
        "REAL": 2.5,
        "TXT": "x",
        "FLAG": True,
        "DAY": datetime.date(2024, 2, 3),
        "OLD_DAY": datetime.date(1900, 1, 1),
        "TM": MOMENT.time(),
        "NTZ": MOMENT,
        "OLD_NTZ": datetime.datetime(1901, 2, 3, 4, 5, 6, 500000),
        "TZ": MOMENT.replace(tzinfo=PLUS_TWO),
        "MILLI": MOMENT.replace(microsecond=123000),
        "BIN": b"\x00\xff",
        "DOC": {"a": [1, None]},
        "LIST": [1, "b"],
        "OBJ": {"a": 1},
        "NOTHING": None,
    }


def documents_read(row):
    return {key: json.loads(value) if key in ("DOC", "LIST", "OBJ") else value for key, value in row.items()}


@pytest.mark.parametrize("parameters", [None, JSON_RESULT], ids=["arrow", "json"])
def test_every_type_comes_back_as_pythons(connection, parameters):
    found = connection.cursor(DictCursor).execute(EVERY_TYPE, _statement_params=parameters).fetchone()
    assert documents_read(found) == expected_types()


@pytest.mark.parametrize("parameters", [None, JSON_RESULT], ids=["arrow", "json"])
def test_a_column_of_nothing_but_null_has_every_type(connection, parameters):
    cursor = connection.cursor(DictCursor)
    cursor.execute(f"select * from ({EVERY_TYPE}) where false", _statement_params=parameters)
    assert cursor.fetchall() == []
    types = "number number(38,5) float varchar boolean date time timestamp_ntz timestamp_ltz timestamp_tz binary variant array object"
    columns = ", ".join(f"null::{name} c{place}" for place, name in enumerate(types.split()))
    assert set(cursor.execute(f"select {columns}", _statement_params=parameters).fetchone().values()) == {None}


def test_the_time_zone_of_the_session_moves_local_times(cursor):
    cursor.execute("alter session set timezone = 'America/New_York'")
    found = cursor.execute("select '2024-07-03 04:05:06'::timestamp_ltz").fetchone()[0]
    assert found.utcoffset() == datetime.timedelta(hours=-4)
    assert found.replace(tzinfo=None) == datetime.datetime(2024, 7, 3, 4, 5, 6)


@pytest.mark.parametrize("parameters", [None, JSON_RESULT], ids=["arrow", "json"])
def test_large_results_come_in_chunks_in_order(cursor, parameters):
    cursor.execute(
        "select seq4() as n, repeat('x', 100) as t from table(generator(rowcount => 150000)) order by n",
        _statement_params=parameters,
    )
    assert cursor.rowcount == 150000
    assert [row[0] for row in cursor] == list(range(150000))


def test_large_results_come_as_batches_and_tables(cursor):
    pytest.importorskip("pyarrow")
    cursor.execute("select seq4() as n, 1.5::number(10,2) as d from table(generator(rowcount => 120000))")
    table = cursor.fetch_arrow_all()
    assert table.num_rows == 120000
    assert table.column_names == ["N", "D"]
    cursor.execute("select seq4() as n from table(generator(rowcount => 120000))")
    assert sum(batch.num_rows for batch in cursor.fetch_arrow_batches()) == 120000
    cursor.execute("select seq4() as n from table(generator(rowcount => 120000))")
    assert sum(batch.rowcount for batch in cursor.get_result_batches()) == 120000


def test_pandas_frames_come_and_go(binding, database):
    pandas = pytest.importorskip("pandas")
    from snowflake.connector.pandas_tools import write_pandas

    frame = pandas.DataFrame(
        {
            "ID": range(1000),
            "NAME": [None if i % 7 == 0 else f"n{i}" for i in range(1000)],
            "AMOUNT": [i / 4 for i in range(1000)],
            "AT": [pandas.Timestamp("2024-01-01") + pandas.Timedelta(minutes=i) for i in range(1000)],
            "FLAG": [i % 2 == 0 for i in range(1000)],
        }
    )
    binding.cursor().execute("create or replace table FRAMES (ID int, NAME text, AMOUNT float, AT timestamp_ntz, FLAG boolean)")
    success, chunks, rows, _ = write_pandas(binding, frame, "FRAMES", chunk_size=300, use_logical_type=True)
    assert (success, chunks, rows) == (True, 4, 1000)
    back = binding.cursor().execute("select * from FRAMES order by ID").fetch_pandas_all()
    assert list(back["ID"]) == list(frame["ID"])
    assert [None if pandas.isna(name) else name for name in back["NAME"]] == [
        None if pandas.isna(name) else name for name in frame["NAME"]
    ]
    assert list(back["AMOUNT"]) == list(frame["AMOUNT"])
    assert list(back["AT"].astype("datetime64[us]")) == list(frame["AT"].astype("datetime64[us]"))
    assert list(back["FLAG"]) == list(frame["FLAG"])


@pytest.mark.xfail(reason="INFER_SCHEMA is not there", strict=True)
def test_write_pandas_makes_the_table(connection):
    pandas = pytest.importorskip("pandas")
    from snowflake.connector.pandas_tools import write_pandas

    frame = pandas.DataFrame({"ID": [1, 2], "name": ["a", "b"], "F": [0.5, 1.5]})
    assert write_pandas(connection, frame, "MADE", auto_create_table=True)[2] == 2
    rows = connection.cursor().execute('select ID, "name", F from MADE order by 1').fetchall()
    assert rows == [(1, "a", 0.5), (2, "b", 1.5)]
    assert write_pandas(connection, frame, "MADE", auto_create_table=True, overwrite=True)[2] == 2
    assert connection.cursor().execute("select count(*) from MADE").fetchone() == (2,)


def test_values_are_bound_by_the_server(binding):
    cursor = binding.cursor()
    cursor.execute(
        "create or replace table BOUND (I number, T varchar, NTZ timestamp_ntz, TZ timestamp_tz, D date, TM time, "
        "B binary, F float, X boolean, N number(10,2))"
    )
    row = (1, "it's", MOMENT, MOMENT.replace(tzinfo=PLUS_TWO), MOMENT.date(), MOMENT.time(), b"\x00\xff", 1.5, True, decimal.Decimal("3.25"))
    # Without a type a moment goes without its zone, as the connector's documentation says.
    typed = [("TIMESTAMP_TZ", value) if getattr(value, "tzinfo", None) else value for value in row]
    cursor.execute(f"insert into BOUND values ({', '.join('?' * len(row))})", typed)
    assert cursor.rowcount == 1
    cursor.execute(f"insert into BOUND values ({', '.join('?' * len(row))})", [None] * len(row))
    assert cursor.execute("select * from BOUND where I is not null").fetchall() == [row]
    assert cursor.execute("select * from BOUND where I is null").fetchall() == [(None,) * len(row)]
    assert cursor.execute("select T from BOUND where I = ? and T = ?", (1, "it's")).fetchall() == [("it's",)]
    assert cursor.execute("select :1, :2, :1", ("a", 2)).fetchone() == ("a", 2, "a")


def test_values_are_bound_by_the_client(cursor):
    assert cursor.execute("select %s, %s, %s", (1, "it's", None)).fetchone() == (1, "it's", None)
    assert cursor.execute("select %(a)s, %(b)s", {"a": MOMENT.date(), "b": 2.5}).fetchone()[1] == 2.5
    assert cursor.execute("select 1 where 3 in (%s)", ([1, 2, 3],)).fetchall() == [(1,)]


def test_arrays_are_bound_inline_and_through_a_stage(binding):
    cursor = binding.cursor()
    cursor.execute("create or replace table MANY (ID number, NAME varchar, AT timestamp_ntz)")
    cursor.executemany("insert into MANY values (?, ?, ?)", [(i, f"v{i}", MOMENT) for i in range(5)])
    assert cursor.rowcount == 5
    names = [None, 'q"uote', "com,ma", "new\nline", "", "back\\slash", "ü😀"]
    rows = [(1000 + i, names[i % len(names)], MOMENT) for i in range(30000)]
    cursor.executemany("insert into MANY values (?, ?, ?)", rows)
    assert cursor.rowcount == 30000
    assert cursor.execute("select * from MANY where ID >= 1000 order by ID").fetchall() == rows


def test_several_rows_are_inserted_by_the_client(cursor):
    cursor.execute("create or replace table CLIENT_ROWS (A int, B text)")
    cursor.executemany("insert into CLIENT_ROWS values (%s, %s)", [(1, "a"), (2, "b"), (3, None)])
    assert cursor.rowcount == 3
    assert cursor.execute("select * from CLIENT_ROWS order by A").fetchall() == [(1, "a"), (2, "b"), (3, None)]


def test_several_statements_have_a_result_each(connection):
    cursor = connection.cursor()
    cursor.execute("select 1; select 'two', 2; select 3 where false", num_statements=3)
    assert cursor.fetchall() == [(1,)]
    assert cursor.nextset()
    assert cursor.fetchall() == [("two", 2)]
    assert cursor.nextset()
    assert cursor.fetchall() == []
    assert not cursor.nextset()
    with pytest.raises(errors.ProgrammingError, match="(?i)statement count"):
        cursor.execute("select 1; select 2")


def test_scripts_run_statement_by_statement(connection):
    cursors = connection.execute_string("create or replace table SCRIPT (A int); insert into SCRIPT values (1), (2);\nselect sum(A) from SCRIPT;")
    assert [cursor.fetchall() for cursor in cursors][-1] == [(3,)]


def test_statements_run_while_nobody_waits(connection):
    cursor = connection.cursor()
    cursor.execute_async("select count(*) from table(generator(rowcount => 1000))")
    asked = cursor.sfqid
    while connection.is_still_running(connection.get_query_status_throw_if_error(asked)):
        time.sleep(0.05)
    assert connection.get_query_status(asked).name == "SUCCESS"
    cursor.get_results_from_sfqid(asked)
    assert cursor.fetchall() == [(1000,)]
    cursor.execute_async("select * from NO_SUCH_TABLE")
    while connection.is_still_running(connection.get_query_status(cursor.sfqid)):
        time.sleep(0.05)
    assert connection.get_query_status(cursor.sfqid).name == "FAILED_WITH_ERROR"
    with pytest.raises(errors.ProgrammingError):
        cursor.get_results_from_sfqid(cursor.sfqid)
        cursor.fetchall()


def test_results_of_other_sessions_are_read_by_their_id(connection, settings, database):
    cursor = connection.cursor()
    cursor.execute("select 42 as ANSWER")
    with snowflake.connector.connect(**settings) as other:
        reader = other.cursor()
        reader.get_results_from_sfqid(cursor.sfqid)
        assert reader.fetchall() == [(42,)]
    assert cursor.execute("select * from table(result_scan(last_query_id()))").fetchall() == [(42,)]


def test_the_session_limits_how_long_a_statement_takes(cursor):
    cursor.execute("alter session set statement_timeout_in_seconds = 1")
    with pytest.raises(errors.ProgrammingError) as raised:
        cursor.execute("select system$wait(60)")
    assert raised.value.errno == 630


@pytest.mark.skipif(VERSION >= 5, reason="5.2 waits for the answer, whatever the limit")
def test_a_statement_is_cancelled_by_its_time_limit(cursor):
    with pytest.raises(errors.ProgrammingError) as raised:
        cursor.execute("call system$wait(60)", timeout=1)
    assert raised.value.errno in (604, 630)


def test_a_statement_is_cancelled_from_another_session(connection, settings):
    cursor = connection.cursor()
    cursor.execute_async("call system$wait(60)")
    waiting = cursor.sfqid
    assert connection.is_still_running(connection.get_query_status(waiting))
    with snowflake.connector.connect(**settings) as other:
        assert "terminated" in other.cursor().execute(f"select system$cancel_query('{waiting}')").fetchone()[0]
    while connection.is_still_running(connection.get_query_status(waiting)):
        time.sleep(0.05)
    assert connection.get_query_status(waiting).name in ("FAILED_WITH_ERROR", "ABORTED")


def test_files_are_put_listed_got_and_removed(connection, tmp_path):
    cursor = connection.cursor(DictCursor)
    cursor.execute("create or replace stage FILES")
    sent = {f"part{i}.csv": f"{i},hello {i}\n" * 1000 for i in range(3)}
    for name, text in sent.items():
        (tmp_path / name).write_text(text)
    put = cursor.execute(f"put file://{tmp_path}/part*.csv @FILES/in auto_compress=false").fetchall()
    assert sorted((row["source"], row["target"], row["status"]) for row in put) == [(n, n, "UPLOADED") for n in sorted(sent)]
    again = cursor.execute(f"put file://{tmp_path}/part0.csv @FILES/in auto_compress=false").fetchone()
    # Before version 5 the stage is a directory of this disk, where the connector compares nothing.
    assert again["status"] == ("SKIPPED" if VERSION >= 5 else "UPLOADED")
    packed = cursor.execute(f"put file://{tmp_path}/part0.csv @FILES/packed").fetchone()
    assert (packed["target"], packed["target_compression"]) == ("part0.csv.gz", "GZIP")
    listed = cursor.execute("list @FILES/in").fetchall()
    assert [row["name"] for row in listed] == [f"files/in/{name}" for name in sorted(sent)]
    (tmp_path / "out").mkdir()
    got = cursor.execute(f"get @FILES/in file://{tmp_path}/out").fetchall()
    assert sorted((row["file"], row["status"]) for row in got) == [(name, "DOWNLOADED") for name in sorted(sent)]
    assert {name: (tmp_path / "out" / name).read_text() for name in os.listdir(tmp_path / "out")} == sent
    cursor.execute("create or replace table LOADED (A int, B text)")
    loaded = cursor.execute("copy into LOADED from @FILES/in file_format = (type = csv)").fetchall()
    assert sorted(row["rows_loaded"] for row in loaded) == [1000, 1000, 1000]
    assert cursor.execute("select $1 as A from @FILES/packed limit 1").fetchone() == {"A": "0"}
    assert len(cursor.execute("remove @FILES/in").fetchall()) == 3
    assert cursor.execute("list @FILES/in").fetchall() == []


def test_files_of_many_blocks_keep_their_bytes(connection, tmp_path):
    content = os.urandom(1 << 20) * 9
    (tmp_path / "large.bin").write_bytes(content)
    cursor = connection.cursor()
    cursor.execute("create or replace stage LARGE")
    cursor.execute(f"put file://{tmp_path}/large.bin @LARGE auto_compress=false source_compression=none")
    (tmp_path / "out").mkdir()
    cursor.execute(f"get @LARGE/large.bin file://{tmp_path}/out")
    assert (tmp_path / "out" / "large.bin").read_bytes() == content


def test_streams_are_put(connection):
    import io

    cursor = connection.cursor()
    cursor.execute("create or replace stage STREAMED")
    cursor.execute("put file://lines.csv @STREAMED auto_compress=false", file_stream=io.BytesIO(b"1\n2\n3\n"))
    assert cursor.execute("select sum($1::int) from @STREAMED").fetchone() == (6,)


def test_descriptions_say_names_types_and_widths(connection):
    cursor = connection.cursor()
    cursor.execute("create or replace table SHAPE (ID number(5,0) not null, T varchar(10), D number(12,3), V variant, TS timestamp_ltz(6), B binary(5))")
    found = cursor.describe("select * from SHAPE")
    names = [(c.name, c.type_code, c.precision, c.scale, c.is_nullable) for c in found]
    assert names == [
        ("ID", 0, 5, 0, False),
        ("T", 2, None, None, True),
        ("D", 0, 12, 3, True),
        ("V", 5, None, None, True),
        ("TS", 6, 0, 6, True),
        ("B", 11, None, None, True),
    ]
    assert [c.internal_size for c in found if c.name in ("T", "B")] == [10, 5]


def test_show_and_describe_have_snowflakes_columns(connection, database):
    cursor = connection.cursor(DictCursor)
    cursor.execute("create or replace table SHOWN (ID number primary key, NAME varchar(20) comment 'of whom')")
    cursor.execute("create or replace view SHOWN_VIEW as select ID from SHOWN")
    table = cursor.execute(f"show tables like 'SHOWN' in schema {database}.PUBLIC").fetchone()
    assert (table["name"], table["database_name"], table["schema_name"], table["kind"], table["rows"]) == ("SHOWN", database, "PUBLIC", "TABLE", 0)
    assert isinstance(table["created_on"], datetime.datetime)
    described = cursor.execute("describe table SHOWN").fetchall()
    assert [(row["name"], row["type"], row["null?"], row["primary key"], row["comment"]) for row in described] == [
        ("ID", "NUMBER(38,0)", "N", "Y", None),
        ("NAME", "VARCHAR(20)", "Y", "N", "of whom"),
    ]
    assert [row["name"] for row in cursor.execute("show views").fetchall()] == ["SHOWN_VIEW"]
    assert "SHOWN" in [row["name"] for row in cursor.execute("show terse objects").fetchall()]
    assert [row["column_name"] for row in cursor.execute("show primary keys in table SHOWN").fetchall()] == ["ID"]
    assert database in [row["name"] for row in cursor.execute("show databases").fetchall()]
    assert {"PUBLIC", "INFORMATION_SCHEMA"} <= {row["name"] for row in cursor.execute("show schemas").fetchall()}
    columns = cursor.execute("select column_name, data_type from information_schema.columns where table_name = 'SHOWN' order by ordinal_position").fetchall()
    assert columns == [{"COLUMN_NAME": "ID", "DATA_TYPE": "NUMBER"}, {"COLUMN_NAME": "NAME", "DATA_TYPE": "TEXT"}]


@pytest.mark.parametrize(
    "text, number, state",
    [
        ("selec 1", 1003, "42000"),
        ("select * from NO_SUCH_TABLE", 2003, "42S02"),
        ("select NO_SUCH_COLUMN", 904, "42000"),
        ("select no_such_function(1)", 2140, "42601"),
        ("select 'x'::int", 100038, "22018"),
        ("select 1/0", 100051, "22012"),
        ("create schema PUBLIC", 2002, "42710"),
    ],
)
def test_errors_have_snowflakes_numbers(cursor, text, number, state):
    with pytest.raises(errors.ProgrammingError) as raised:
        cursor.execute(text)
    assert (raised.value.errno, raised.value.sqlstate) == (number, state)
    assert raised.value.sfqid


def test_a_null_in_a_column_that_takes_none_is_an_integrity_error(cursor):
    cursor.execute("create or replace table STRICT (A int not null)")
    with pytest.raises(errors.IntegrityError) as raised:
        cursor.execute("insert into STRICT values (null)")
    assert raised.value.errno == 100072


def test_transactions_belong_to_their_session(connection, settings, database):
    cursor = connection.cursor()
    cursor.execute("create or replace table MONEY (A int)")
    connection.autocommit(False)
    cursor.execute("insert into MONEY values (1)")
    with snowflake.connector.connect(**settings, database=database, schema="PUBLIC") as other:
        assert other.cursor().execute("select count(*) from MONEY").fetchone() == (0,)
        connection.commit()
        assert other.cursor().execute("select count(*) from MONEY").fetchone() == (1,)
    cursor.execute("delete from MONEY")
    connection.rollback()
    assert cursor.execute("select count(*) from MONEY").fetchone() == (1,)
    connection.autocommit(True)


def test_counts_of_changes_are_told(cursor):
    cursor.execute("create or replace table COUNTED (A int, B int)")
    assert cursor.execute("insert into COUNTED values (1, 1), (2, 2), (3, 3)").rowcount == 3
    assert cursor.execute("update COUNTED set B = 0 where A > 1").rowcount == 2
    assert cursor.execute("delete from COUNTED where A = 3").rowcount == 1
    merged = cursor.execute(
        "merge into COUNTED t using (select column1 a, column2 b from values (1, 9), (7, 7)) s on t.A = s.a "
        "when matched then update set B = s.b when not matched then insert values (s.a, s.b)"
    )
    assert merged.fetchone() == (1, 1)
    assert merged.rowcount == 2


def test_the_connection_knows_where_it_is(connection, database):
    cursor = connection.cursor()
    cursor.execute("create schema if not exists ELSEWHERE")
    assert (connection.database, connection.schema) == (database, "ELSEWHERE")
    cursor.execute("use schema PUBLIC")
    assert connection.schema == "PUBLIC"
    cursor.execute("create warehouse if not exists INTEROP_WH")
    cursor.execute("use warehouse INTEROP_WH")
    assert connection.warehouse == "INTEROP_WH"
    assert cursor.execute("select current_database(), current_schema(), current_warehouse()").fetchone() == (database, "PUBLIC", "INTEROP_WH")


def test_session_parameters_are_set_at_login(settings):
    with snowflake.connector.connect(**settings, session_parameters={"QUERY_TAG": "interop", "TIMEZONE": "Europe/Paris"}) as connection:
        cursor = connection.cursor(DictCursor)
        assert cursor.execute("show parameters like 'QUERY_TAG'").fetchone()["value"] == "interop"
        assert cursor.execute("show parameters like 'TIMEZONE' in session").fetchone()["value"] == "Europe/Paris"


def test_every_way_of_logging_in_opens(address, settings, secrets):
    from cryptography.hazmat.primitives import serialization

    with open(secrets["key"], "rb") as file:
        key = serialization.load_pem_private_key(file.read(), None)
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for login in (
        {"private_key": der},
        {"private_key_file": secrets["key"]},
        {"authenticator": "oauth", "token": secrets["oauth"]},
        {"authenticator": "PROGRAMMATIC_ACCESS_TOKEN", "token": secrets["pat"]},
    ):
        with snowflake.connector.connect(**address, **login) as connection:
            assert connection.cursor().execute("select current_user()").fetchone() == ("LOCAL",)
    for wrong in ({"password": "wrong"}, {"authenticator": "oauth", "token": "wrong"}):
        with pytest.raises(errors.DatabaseError) as raised:
            snowflake.connector.connect(**address, **wrong, login_timeout=10)
        assert raised.value.errno in (250001, 390100, 390303)


def test_a_missing_database_is_named_by_the_first_statement(settings):
    with snowflake.connector.connect(**settings, database="NO_SUCH_DATABASE") as connection:
        with pytest.raises(errors.ProgrammingError) as raised:
            connection.cursor().execute("create table T (A int)")
        assert raised.value.errno == 90105


def inject(settings, **fault):
    request = urllib.request.Request(
        f"http://{settings['host']}:{settings['port']}/snowflake-local/faults",
        json.dumps(fault).encode(),
        {"content-type": "application/json"},
    )
    urllib.request.urlopen(request).read()


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "session-expired"},
        {"kind": "unavailable", "times": 2},
        {"kind": "too-many-requests"},
        {"kind": "connection-cut"},
        {"kind": "answer-lost"},
    ],
    ids=lambda fault: fault["kind"],
)
def test_what_goes_wrong_is_overcome_and_nothing_happens_twice(connection, settings, fault):
    cursor = connection.cursor()
    cursor.execute("create or replace table ONCE (A int)")
    inject(settings, **fault, statement="insert into ONCE")
    cursor.execute("insert into ONCE values (1)")
    assert cursor.execute("select count(*) from ONCE").fetchone() == (1,)


def test_heartbeats_keep_a_session(settings):
    with snowflake.connector.connect(**settings, client_session_keep_alive=True) as connection:
        assert connection.is_valid()
