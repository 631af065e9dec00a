"""Renders templates with Python's Jinja2: one JSON object per line in, one per line out. See jinja-oracle.ts."""

import json
import signal
import sys

import jinja2

UNDEFINED = {
    "default": jinja2.Undefined,
    "strict": jinja2.StrictUndefined,
    "chainable": jinja2.ChainableUndefined,
}
ENVIRONMENTS = {
    mode: jinja2.Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], undefined=undefined, optimized=False)
    for mode, undefined in UNDEFINED.items()
}


class TookTooLong(Exception):
    pass


def give_up(*_):
    raise TookTooLong()


def answer(case):
    try:
        environment = ENVIRONMENTS[case.get("undefined", "default")]
        code = environment.compile(case["template"], "<template>")
        template = jinja2.Template.from_code(environment, code, environment.make_globals(None))
        return {"expected": template.render(case["context"])}
    except jinja2.TemplateSyntaxError as error:
        return {"error": {"type": type(error).__name__, "message": error.message, "line": error.lineno}}
    except Exception as error:  # every error is an answer
        return {"error": {"type": type(error).__name__, "message": str(error)}}


signal.signal(signal.SIGALRM, give_up)
print(json.dumps({"version": jinja2.__version__}), flush=True)
for line in sys.stdin:
    signal.alarm(5)
    result = answer(json.loads(line))
    signal.alarm(0)
    print(json.dumps(result), flush=True)
