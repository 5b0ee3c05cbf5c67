"""A module docstring with 'single' and "double" quotes, a \""" escaped triple, and code:

def not_a_function(x):
    return run(x)

class NotAClass:
    pass
"""
import textwrap

EMPTY = "" + '' + """""" + ''''''
RAW = r"\" still inside" + rb'\' too' + Rb"x" + BR'y' + u"z"
CONTINUED = "first \
second" + call('third \
fourth')
JUXTAPOSED = """one""" 'two' r"""three""" f"{four()}"
QUOTES = ("'''", '"""', "it's", 'say "hi"')
TEMPLATE = '''
@decorated
def generated(self):
    """A docstring in a string."""
    value = "
    return call(
'''
INDENTED = textwrap.dedent("""\
    class Inner:
        def method(self):
            return super().method()
    """)
AFTER = {"key": """text""", **extra(), "other": """more
def x(): pass
""" % values()}
CONDITION = """a""" if ready() else """b"""
FORMAT = f"{name!r:>{width(8)}} {{literal}} {'nested'} {data['key']} {lambda_call((lambda: 1)())}"
TRIPLE_FORMAT = f"""
{call("inner")} and {other('''deep''')}
def f(): {{ }}
"""


def documented():
    '''Docstring.

    >>> example("x")
    """not a string"""
    '''
    return """
@app.route('/')
def view():
    return '''x'''
""".strip() + call(f'{a["b"]}' f"{c['d']:%H:%M}")


def unicode_names():
    größe = maß("Übergröße")  # it's a comment with a quote " and '''
    return größe, 変数(1)
