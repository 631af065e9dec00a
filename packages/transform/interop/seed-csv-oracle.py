"""Reads small CSV files as dbt reads seeds, and writes what it made of them as goldens of src/python/agate-csv.test.ts.

    <python with dbt-core> seed-csv-oracle.py > seed-csv-goldens.json

Each file is read twice: with every type inferred, and with the column "a" kept as text.
"""

import io
import json
import sys
import warnings

import agate
from dbt_common.clients import agate_helper

warnings.simplefilter("ignore")

cases = [
    'id,name,amount,day,at,iso,ok,none\n1,a,1.50,2024-01-02,2024-01-02 03:04:05,2024-01-02T03:04:05Z,true,\n2,,"1,000",2024-1-3,2024-01-02 3:4:5,2024-01-02T03:04:05.5+02:00,False,null\n',
    'a,b\n1\n\n2,3\n',
    'a,a,\n1,2,3\n',
    'a;b\n1;2\n',
    'q,r\n"x, ""y""\nz",\'s\'\n"un"quoted,"a"b\n',
    'a\n$5\n-3%\n',
    'a\n1_000\n',
    'a\nyes\nno\n',
    'a\n0\n1\n',
    'a\n2024-01-02\n2024-01-02 00:00:00\n',
    'a\n2024-01-02\nx\n',
    'a,b\r\n1,x\r\n2,y\r\n',
    'a\nnan\n1\n',
    'a\nInfinity\n',
    'a\n 1 \n2\n',
    'a,b\n,\n,\n',
    'a,b\n1," "\n',
    'a\ntrue\n1\n',
    'a\n007\n',
    'a\n1e3\n',
    'a\n20240102\n',
    'a\n2024-13-01\n',
    'a\n2024-01-02T10:00\n',
    'id,name\n1,x,y\n',
    'a\nNULL\nnull\n',
    'a',
    'a\n',
    'a\n€5\n',
    '\ufeffa\n1\n',
    'a,b\n1,2\n3,4',
    'a\n12:30:00\n',
    'a\n1,5\n',
    "a\n'x'\n",
    'a\n--5\n',
    'a\n+5\n',
    'a\n.5\n5.\n',
    'a\n2024-01-02 03:04:05.123\n',
    'a\n2024-01-02T03:04:05\n2024-01-02\n',
    'a\n1 2\n',
    'a\n\n',
    'a,b\n\n1,2\n',
    'a\n"1"\n"2"\n',
    'a,b\n1,"x\n',
    'a\n0.10\n0\n',
    'a\n2024-01-02T030405Z\n',
]


def answer(text, text_columns):
    asked = {"csv": text, "text": text_columns}
    try:
        file = io.StringIO(text, newline=None)
        if file.read(1) != agate_helper.BOM:
            file.seek(0)
        tester = agate_helper.build_type_tester(text_columns=text_columns)
        delimiter = ";" if text.startswith("a;b") else ","
        table = agate.Table.from_csv(file, column_types=tester, delimiter=delimiter)
    except Exception as error:  # every error is an answer
        return {**asked, "error": str(error)}
    return {
        **asked,
        "names": list(table.column_names),
        "types": [type(column_type).__name__ for column_type in table.column_types],
        "rows": [[None if value is None else str(value) for value in row] for row in table.rows],
    }


json.dump([answer(case, columns) for case in cases for columns in ([], ["a"])], sys.stdout, indent=1)
print()
