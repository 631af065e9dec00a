"""Where the endpoint listens and who may log in comes from the environment, which `clients.ts` sets."""

import os

import pytest

ADDRESS = {
    "account": "local",
    "host": "127.0.0.1",
    "port": int(os.environ["SNOWFLAKE_LOCAL_PORT"]),
    "protocol": "http",
    "user": "LOCAL",
}
PASSWORD = os.environ["SNOWFLAKE_LOCAL_PASSWORD"]


@pytest.fixture(scope="session")
def address():
    return ADDRESS


@pytest.fixture(scope="session")
def settings():
    return {**ADDRESS, "password": PASSWORD, "login_timeout": 30}


@pytest.fixture(scope="session")
def secrets():
    return {
        "oauth": os.environ["SNOWFLAKE_LOCAL_OAUTH"],
        "pat": os.environ["SNOWFLAKE_LOCAL_PAT"],
        "key": os.environ["SNOWFLAKE_LOCAL_KEY"],
    }


@pytest.fixture(scope="module")
def database(request, settings):
    import snowflake.connector

    name = "INTEROP_" + request.module.__name__.upper()
    with snowflake.connector.connect(**settings) as connection:
        connection.cursor().execute(f"create or replace database {name}")
    yield name
    with snowflake.connector.connect(**settings) as connection:
        connection.cursor().execute(f"drop database if exists {name}")
