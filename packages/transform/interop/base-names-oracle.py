"""Renders templates with the names of dbt's base context, and writes what Python answered as goldens for the suite.

    <python with dbt-core> base-names-oracle.py base-names-cases.jsonl > base-names-goldens.jsonl

One JSON string, a template, per line. See src/context/base-names.test.ts.
"""

import json
import sys

import jinja2
from dbt.context import base

members = base.BaseContext._context_members_


def function_of(name):
    member = members[name]
    return member.__func__ if isinstance(member, staticmethod) else member


functions = "tojson fromjson toyaml fromyaml set set_strict zip zip_strict local_md5 diff_of_two_dicts".split()
names = {name: function_of(name) for name in functions}
base.deprecations.warn = lambda *_: None
names["modules"] = base.get_context_modules()
environment = jinja2.Environment(extensions=["jinja2.ext.do"])


def answer(template):
    try:
        return {"template": template, "expected": environment.from_string(template).render(names)}
    except Exception as error:  # every error is an answer
        return {"template": template, "error": type(error).__name__, "message": str(error)}


with open(sys.argv[1], encoding="utf-8") as cases:
    for line in cases:
        print(json.dumps(answer(json.loads(line))))
