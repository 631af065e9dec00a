"""snowflake-sqlalchemy, unmodified, against the endpoint."""

import datetime
import decimal

import pytest

sqlalchemy = pytest.importorskip("sqlalchemy")
pytest.importorskip("snowflake.sqlalchemy")

from snowflake.sqlalchemy import URL, VARIANT  # noqa: E402
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Numeric, Sequence, String, Table, func, select  # noqa: E402
from sqlalchemy.orm import Session, declarative_base, relationship  # noqa: E402


@pytest.fixture(scope="module")
def engine(settings, database):
    made = sqlalchemy.create_engine(
        URL(
            account=settings["account"],
            user=settings["user"],
            password=settings["password"],
            host=settings["host"],
            port=settings["port"],
            database=database,
            schema="PUBLIC",
        ),
        connect_args={"protocol": "http"},
    )
    yield made
    made.dispose()


def test_rows_are_inserted_and_selected(engine):
    table = Table("people", MetaData(), Column("id", Integer, primary_key=True), Column("name", String(20)), Column("pay", Numeric(10, 2)))
    table.create(engine)
    with engine.begin() as connection:
        connection.execute(table.insert(), [{"id": i, "name": f"n{i}", "pay": decimal.Decimal(i) / 4} for i in range(10)])
        connection.execute(table.update().where(table.c.id == 3).values(name="it's"))
        connection.execute(table.delete().where(table.c.id > 7))
    with engine.connect() as connection:
        found = connection.execute(select(table).where(table.c.id.in_([2, 3])).order_by(table.c.id)).all()
        assert found == [(2, "n2", decimal.Decimal("0.50")), (3, "it's", decimal.Decimal("0.75"))]
        assert connection.execute(select(func.count()).select_from(table)).scalar() == 8


def test_a_transaction_is_taken_back(engine):
    table = Table("undone", MetaData(), Column("id", Integer))
    table.create(engine)
    with engine.connect() as connection:
        connection.execute(table.insert().values(id=1))
        connection.rollback()
        assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_tables_are_reflected(engine, database):
    with engine.begin() as connection:
        connection.exec_driver_sql("create table REFLECTED (ID number(38,0) not null primary key, NAME varchar(30), AT timestamp_ntz, DOC variant)")
        connection.exec_driver_sql("create view REFLECTED_VIEW as select ID from REFLECTED")
    inspector = sqlalchemy.inspect(engine)
    assert "reflected" in inspector.get_table_names()
    assert inspector.get_view_names() == ["reflected_view"]
    assert "public" in inspector.get_schema_names()
    columns = {column["name"]: column for column in inspector.get_columns("reflected")}
    assert list(columns) == ["id", "name", "at", "doc"]
    assert columns["name"]["type"].length == 30
    assert (columns["id"]["nullable"], columns["name"]["nullable"]) == (False, True)
    assert isinstance(columns["doc"]["type"], VARIANT)
    assert inspector.get_pk_constraint("reflected")["constrained_columns"] == ["id"]
    table = Table("reflected", MetaData(), autoload_with=engine)
    with engine.begin() as connection:
        connection.execute(table.insert().values(id=1, name="a", at=datetime.datetime(2024, 1, 2)))
        assert connection.execute(select(table.c.id, table.c.at)).all() == [(1, datetime.datetime(2024, 1, 2))]


def test_objects_are_mapped(engine):
    Base = declarative_base()

    class Author(Base):
        __tablename__ = "authors"
        id = Column(Integer, Sequence("author_ids"), primary_key=True)
        name = Column(String)
        books = relationship("Book", back_populates="author")

    class Book(Base):
        __tablename__ = "books"
        id = Column(Integer, Sequence("book_ids"), primary_key=True)
        title = Column(String)
        author_id = Column(Integer, ForeignKey("authors.id"))
        author = relationship("Author", back_populates="books")

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Author(name="Ada", books=[Book(title="Notes"), Book(title="Letters")]))
        session.commit()
        found = session.scalars(select(Author)).one()
        assert sorted(book.title for book in found.books) == ["Letters", "Notes"]
    Base.metadata.drop_all(engine)
    assert "authors" not in sqlalchemy.inspect(engine).get_table_names()
