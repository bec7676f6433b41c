#!/usr/bin/env python3
"""Prints templates that call every filter, test, global and method of Jinja2's environment, with
arguments of every kind, and what they give in the environment of transformers.

    jinja_library.py SEED COUNT    lines of {"name", "template", "text" or "error" or "refused"}

The first line holds the variables and the names. COUNT is the number of calls of each name. "refused"
marks what gives another text each time, which has no right answer.
"""
import copy
import inspect
import json
import random
import sys
import warnings

from jinja2 import defaults
from transformers.utils import chat_template_utils

VARIABLES = {
    "a": "a", "word": "straße Ünï", "empty": "", "lines": "one\n  two-part\r\n\nthree-fold well-known end ",
    "html": "<p class='x'>Hi &amp; \"bye\"</p> <!-- > c --> x &lt; y", "number": " -12 ", "hex": "0x1F", "real": "1e3",
    "links": "see (https://a.example/x?y=1&z=2), www.b.org. mail m@c.net or <mailto:n@d.com> ftp://e.f/g @h@i",
    "long": "the quick brown fox jumps over a lazy dog -- and (perhaps) a semi-detached one; "
            "supercalifragilisticexpialidocious it is, 'quoted' words and all\nof it twice",
    "form": "%s|%5.1f|%-4d|%(a)s", "one_form": "<%s>", "braces": "{} {0} {a!r:>5}",
    "zero": 0, "n": 7, "minus": -3, "big": 12345678901, "x": -2.5, "y": 1234.5678, "half": 0.5, "whole": 4.0,
    "yes": True, "no": False, "null": None,
    "names": ["b", "A", "c", "a", "B"], "numbers": [3, 1.5, True, 2, 3], "none_list": [], "mixed": [1, "a", None],
    "nested": [["k", 1], ["l", 2], ["k", 3]],
    "users": [{"name": "Bo", "age": 3, "at": {"city": "X", "no": [5]}}, {"name": "al", "age": 1, "at": {"city": "y"}},
              {"name": "Al", "age": 3, "mail": None}, {"name": "cy", "at": {"city": "x"}}],
    "table": {"b": 2, "a": [1, None, "q'"], "C": {"k": "ü\n"}}, "attributes": {"class": "a b", "id": 3, "no": None, "t": "<\">"},
    "counts": {"b": 2, "a": 10, "C": 3}, "empty_table": {},
    "tree": {"name": "get_weather", "description": "Gets the weather of a place, now or on a day that is given",
             "parameters": {"type": "object", "required": ["place"], "properties": {
                 "place": {"type": "string", "description": "A place"}, "day": {"enum": list(range(30))}}}},
}
PRELUDE = ("{% set safe = '<b>1 &amp; 2</b> x' | safe %}{% set escaped = '<i>' | e %}{% set pair = (1, 'a') %}"
           "{% set numbered = range(2, 9, 3) %}{% set deep = [tree, (long, [long]), {1: pair, 2: names * 9}] %}")
TEXTS = ["a", "word", "empty", "lines", "html", "number", "hex", "real", "links", "long", "form", "one_form", "braces",
         "safe", "escaped"]
NUMBERS = ["zero", "n", "minus", "big", "x", "y", "half", "whole", "yes", "no"]
LISTS = ["names", "numbers", "none_list", "mixed", "nested", "users", "pair", "numbered", "word", "a"]
TABLES = ["table", "attributes", "counts", "empty_table", "tree"]
EVERYTHING = TEXTS + NUMBERS + LISTS + TABLES + ["null", "missing", "deep"]

VALUES = {  # what a name is mostly called on; texts unless said here
    **dict.fromkeys("abs round float int filesizeformat odd even divisibleby number integer eq ne == != equalto "
                    "lt gt le ge < > <= >= lessthan greaterthan boolean true false".split(), NUMBERS + ["number", "real", "hex"]),
    **dict.fromkeys("batch count first groupby join last length list map max min reject rejectattr reverse select "
                    "selectattr slice sort sum unique in iterable sequence".split(), LISTS),
    **dict.fromkeys("dictsort items xmlattr urlencode mapping attr".split(), TABLES + LISTS),
    **dict.fromkeys("pprint tojson string default d none undefined defined callable sameas escaped".split(), EVERYTHING),
    "pprint": ["deep", "tree", "long", "users", "nested", "table", "safe", "lines", "word", "n", "missing", "null"],
    "format": ["form", "one_form", "safe", "a"], "urlize": ["links", "links", "html", "safe", "long", "n"],
    "sum": ["numbers", "numbered", "numbers", "users", "nested"], "xmlattr": TABLES,
    "selectattr": ["users"], "rejectattr": ["users"], "groupby": ["users", "nested"],
}
ARGUMENTS = {  # by name of parameter
    "name": ["'b'", "'keys'", "'upper'", "'C'", "'nope'"], "linecount": ["1", "2", "3", "9"], "slices": ["1", "2", "3", "9"],
    "fill_with": ["'f'", "none", "0"], "width": ["0", "1", "4", "10", "20", "'-- '", "-1"],
    "default_value": ["'d'", "1", "none"], "boolean": ["true", "false"], "case_sensitive": ["true", "false"],
    "by": ["'key'", "'value'", "'other'"], "reverse": ["true", "false"], "binary": ["true", "false"],
    "default": ["'z'", "7", "1.5", "none"], "base": ["10", "16", "8", "2", "0"],
    "attribute": ["'name'", "'age'", "'at.city'", "'at'", "0", "1", "'name,age'", "none", "'0'"],
    "first": ["true", "false"], "blank": ["true", "false"], "d": ["', '", "''", "1", "'<'|safe"],
    "old": ["'a'", "''", "'one'", "' '", "1"], "new": ["'bb'", "''", "'<'", "2"], "count": ["0", "1", "-1", "none"],
    "precision": ["0", "1", "2", "-1", "-2"], "method": ["'common'", "'ceil'", "'floor'", "'odd'"],
    "start": ["1", "0.5", "[]"], "length": ["3", "5", "10", "255"], "killwords": ["true", "false"],
    "end": ["'...'", "''", "'…'"], "leeway": ["0", "1", "5", "none"], "chars": ["'a '", "'x'", "''", "none"],
    "break_long_words": ["true", "false"], "wrapstring": ["'\\n'", "'|'", "none"], "break_on_hyphens": ["true", "false"],
    "autospace": ["true", "false"], "trim_url_limit": ["5", "12", "0", "none"], "nofollow": ["true", "false"],
    "target": ["'_blank'", "'<'", "none"], "rel": ["'me'", "'b a'", "none"],
    "extra_schemes": ["['ftp://']", "['x']", "none", "('a:', 'ftp:')"], "indent": ["2", "0", "none", "'-'"],
    "ensure_ascii": ["true", "false"], "separators": ["(',', ':')", "['; ', '=']", "none"], "sort_keys": ["true", "false"],
    "num": ["2", "3", "1.5", "0"], "seq": ["names", "numbers", "word", "table", "(1, 'a')", "range(9)"],
    "value": ["'a'", "1"], "other": [],
}
STARS = {  # *args and **kwargs
    "format": ["'a'", "1, 2.25, 3", "7", "a='v'", "a=1, b=2", "'x', 2, -3", "'<', 1, 2, 3", ""],
    "map": ["'upper'", "attribute='name'", "attribute='age', default=0", "'int', 5", "'default', 'q'", "'replace', 'a', 'b'",
            "attribute='at.city', default='-'", "'length'", "'join', '-'", "'nope'", "", "attribute='name', other=1",
            "'round', precision=1", "'first'", "attribute=0", "'string'", "'batch', 2"],
    "select": ["", "'string'", "'odd'", "'in', names", "'gt', 1", "'defined'", "'divisibleby', 3", "'eq', 'a'", "'nope'",
               "'sameas', true", "'divisibleby', num=3"],
    "selectattr": ["'name'", "'age'", "'age', 'defined'", "'name', 'eq', 'Bo'", "'at.city', 'in', ['x', 'X']",
                   "'mail', 'none'", "'age', 'gt', 1", "", "'age', 'odd'", "'name', 'equalto', 'al'", "'at', 'nope'"],
}
STARS["reject"], STARS["rejectattr"] = STARS["select"], STARS["selectattr"]
# What Python takes a truth value of, or does not look at.
LENIENT = {"reverse", "name", "wrapstring", "rel", "end", "linecount", "leeway", "trim_url_limit", "width"}
LAZY = {"batch", "items", "map", "reject", "rejectattr", "reverse", "select", "selectattr", "slice", "unique"}
OPERANDS = ["1", "'a'", "2.5", "none", "names", "x", "word", "[]", "true"]
GLOBALS = {
    "range": ["range(3)", "range(1, 4)", "range(5, 1, -2)", "range(0)", "range(3)[1]", "range(9)[2:5]", "range(4)|length",
              "range(2) == range(0, 2)", "3 in range(4)", "range()", "range('a')", "range(1, 2, 0)", "range(1.5)",
              "range(1, 2, 3, 4)", "range(stop=3)", "range(100000)|length", "range(100001)"],
    "dict": ["dict()", "dict(a=1)", "dict(table, z=1)", "dict([['a', 1], (2, 3)])", "dict([1])", "dict(1)", "dict(table, table)",
             "dict.fromkeys(['a', 'b'])", "dict.fromkeys('ab', 0)", "dict(**counts)", "dict(counts).b"],
    "lipsum": ["lipsum()", "lipsum(n=1, html=false)", "lipsum(1, true, 5, 6)"],
    "cycler": ["cycler('a', 'b').next()", "cycler(1, 2).current", "cycler()", "cycler('a').reset()", "cycler(1, 2).items",
               "cycler(1, 2).pos"],
    "joiner": ["joiner()()", "joiner('|')()", "joiner(sep='|')()", "joiner('a', 'b')", "joiner(1)()", "joiner('|').used",
               "joiner('|').sep"],
    "namespace": ["namespace(a=1).a", "namespace(table).b", "namespace({'q': 2}, r=3).q", "namespace().nope|default('u')",
                  "namespace([['s', 4]]).s", "namespace(_a=1)", "namespace({'__class__': 1})", "namespace(1)",
                  "namespace(a=1)['a']"],
    "raise_exception": ["raise_exception('no')", "raise_exception()"],
    "strftime_now": ["strftime_now('%Y-%m-%d')", "strftime_now('%d %b %Y %H:%M:%S %j %y %A %a %B %p %I %%')",
                     "strftime_now(format='%Y')", "strftime_now()", "strftime_now('')"],
}
METHODS = {
    "a": {
        "capitalize": [""], "casefold": [""], "swapcase": [""], "title": [""], "upper": [""], "lower": ["", "1"],
        "center": ["9", "9, '*'", "4, 'ab'", "", "'a'", "width=9"], "ljust": ["9", "9, '*'"], "rjust": ["9", "9, '*'"],
        "zfill": ["9", "0"], "expandtabs": ["", "4", "tabsize=2", "0"],
        "count": ["'a'", "''", "'a', 1", "'a', 0, 2", "1", "'a', -2", "'', 1, 3", "'', 99"],
        "find": ["'a'", "'z'", "'a', 1", "''", "'', 3", "'', 99", "'e', 2, 9", "'e', -5"],
        "rfind": ["'a'", "'z'", "'a', 1", "''", "'e', 2, 9", "'', 0, 2"], "index": ["'a'", "'z'", "'e', 2"],
        "rindex": ["'a'", "'z'"], "startswith": ["'a'", "'<b>'", "'&lt;'", "('x', 'a')", "'t', 1", "''", "1", "['a']", "'', 99", "'a', 0, 1"],
        "endswith": ["'a'", "' x'", "('x', 'e')", "'o', 0, 3", "''"], "removeprefix": ["'a'", "''", "'the '", "1"],
        "removesuffix": ["'a'", "''", "' '"], "replace": ["'a', 'xy'", "'', '-'", "'a', 'b', 1", "'a', 'b', 0", "'a'", "1, 2",
                                                         "'', '.', 2", "'e', '<'", "'a', 'b', -1"],
        "split": ["", "'a'", "' '", "none", "' ', 1", "none, 1", "''", "sep='a'", "maxsplit=1", "sep=' ', maxsplit=0", "1"],
        "rsplit": ["", "'a'", "' ', 1", "none, 1", "sep='a', maxsplit=1"], "splitlines": ["", "true", "keepends=true"],
        "strip": ["", "'a'", "none", "'<>p '", "1"], "lstrip": ["", "'at'"], "rstrip": ["", "'p> '"],
        "partition": ["'a'", "' '", "'zz'", "''"], "rpartition": ["'a'", "' '", "'zz'"],
        "join": ["names", "['x', '<']", "'ab'", "[1]", "[]", "table", "[safe]"],
        "format": ["", "1", "1, a=2", "a='q'", "'<'"], "format_map": ["table", "{'a': 1}", "1"],
        "translate": ["{97: 'x'}", "{97: none, 101: 69}", "{}"], "maketrans": ["'ab', 'xy'", "{'a': 'b'}", "'a', 'b', 'c'"],
        **{name: [""] for name in dir(str) if name.startswith("is")},
    },
    "names": {"copy": [""], "count": ["'a'", "1"], "index": ["'a'", "'z'", "'a', 2", "'a', 0, 2"],
              **{name: ["", "1", "0, 1"] for name in ("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort")}},
    "pair": {"count": ["1"], "index": ["'a'", "9", "1, 0, 1"]},
    "table": {"copy": [""], "get": ["'a'", "'z'", "'z', 1", "[]", ""], "items": [""], "keys": [""], "values": [""],
              "fromkeys": ["'ab'", "['x'], 1"],
              **{name: ["", "'a'", "{'a': 1}"] for name in ("clear", "pop", "popitem", "setdefault", "update")}},
    "n": {"bit_length": [""], "bit_count": [""], "conjugate": [""], "as_integer_ratio": [""]},
    "x": {"is_integer": [""], "conjugate": [""], "as_integer_ratio": [""], "hex": [""]},
    "numbered": {"count": ["5"], "index": ["5", "6"]},
}
PROPERTIES = [f"{value}.{name}" for value in ("n", "x", "yes") for name in ("real", "imag", "numerator", "denominator")]
PROPERTIES += [f"numbered.{name}" for name in ("start", "stop", "step")]
BYTES = {"a": ["encode"], "n": ["to_bytes", "from_bytes"], "x": ["fromhex"]}  # bytes, and what makes numbers of text


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, options):
        return self.random.choice(options)

    def value(self, name):
        return self.pick(VALUES.get(name, TEXTS) if self.random.random() < 0.85 else EVERYTHING)

    def argument(self, name):
        if self.random.random() < 0.05 and name not in LENIENT:
            return self.pick(["1", "'a'", "none", "2.5", "true"])
        return self.pick(ARGUMENTS[name])

    def arguments(self, name, function, skipped):
        if name in STARS:
            return self.pick(STARS[name])
        if not inspect.isfunction(function):  # abs, len, escape, soft_str, callable and the operators
            return self.pick(["", "", "", "", "1", "x=1"])
        parameters = list(inspect.signature(function).parameters.values())[skipped:]
        names = [parameter.name for parameter in parameters]
        required = sum(parameter.default is parameter.empty for parameter in parameters)
        first = 0 if self.random.random() < 0.1 else required
        positional = self.random.randrange(first, len(names) + 1)
        parts = [self.argument(name) for name in names[:positional]]
        parts += [f"{n}={self.argument(n)}" for n in names[positional:] if self.random.random() < 0.5]
        odd = self.random.random()
        if odd < 0.03:
            parts.append("unknown=1")
        elif odd < 0.05 and names and positional:
            parts.append(f"{names[0]}=1")
        elif odd < 0.07:
            parts = ["1"] * (len(names) + 1)
        return ", ".join(parts)

    def filter(self, name, function):
        skipped = 2 if hasattr(function, "jinja_pass_arg") else 1
        arguments = self.arguments(name, function, skipped)
        call = f"{self.value(name)}|{name}" + (f"({arguments})" if arguments else "")
        return f"{call}|list" if name in LAZY else call

    def test(self, name, function):
        value, negated = self.value(name), self.pick(["", "", "not "])
        if name == "sameas":
            return f"{value} is {negated}sameas({self.pick(['none', 'true', 'false', 'names', 'safe'])})"
        if name in ("filter", "test"):
            value = self.pick(["'upper'", "'odd'", "'nope'", "'in'", "'xmlattr'", "'random'", "'=='", "'lessthan'", "null"])
            return f"{value} is {negated}{name}"
        if not name[0].isalpha():
            return f"[{value}]|{self.pick(['select', 'reject'])}({name!r}, {self.pick(OPERANDS)})|list"
        if name in defaults.DEFAULT_TESTS and inspect.isbuiltin(function) and name != "callable":
            return f"{value} is {negated}{name}({self.pick(OPERANDS)})"
        skipped = 2 if hasattr(function, "jinja_pass_arg") else 1
        arguments = self.arguments(name, function, skipped)
        return f"{value} is {negated}{name}" + (f"({arguments})" if arguments else "")


def calls(seed, count):
    """Pairs of a name and an expression."""
    for kind, functions in ("filter", environment().filters), ("test", defaults.DEFAULT_TESTS):
        for name, function in sorted(functions.items()):
            maker = Maker(f"{seed} {kind} {name}")
            for _ in range(count):
                yield f"{kind} {name}", (maker.filter if kind == "filter" else maker.test)(name, function)
    for name, expressions in GLOBALS.items():
        for expression in expressions:
            yield f"global {name}", expression
    for value, methods in METHODS.items():
        on = {"a": TEXTS, "x": ["x", "whole", "y", "half"], "n": ["n", "minus", "zero", "yes", "big"]}.get(value, [value])
        for name, arguments in methods.items():
            for receiver in on:
                for argument in arguments:
                    yield f"method {value}.{name}", f"{receiver}.{name}({argument})"
    for expression in PROPERTIES:
        yield "method property", expression


def environment():
    return chat_template_utils._cached_compile_jinja_template("").environment


def check_complete():
    """Fails if a name is left out."""
    missing = set(environment().globals) ^ set(GLOBALS)
    for value, kind in ("a", str), ("names", list), ("pair", tuple), ("table", dict), ("n", int), ("x", float), ("numbered", range):
        public = {name for name in dir(kind) if not name.startswith("_")}
        told = set(METHODS[value]) | set(BYTES.get(value, [])) | {"real", "imag", "numerator", "denominator", "start", "stop", "step"}
        missing |= public - told
    assert not missing, missing


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    warnings.simplefilter("ignore")
    check_complete()
    seen, cases = set(), []
    for name, expression in calls(seed, count):
        if expression in seen:
            continue
        seen.add(expression)
        source = PRELUDE + "{{ [" + expression + "] }}"
        case = {"name": name, "template": source}
        try:
            case["text"] = environment().from_string(source).render(**copy.deepcopy(VARIABLES))
            if " at 0x" in case["text"] or "<built-in" in case["text"]:
                continue  # what Python calls an object
            if name in ("filter random", "global lipsum"):
                case["refused"] = case.pop("text")
        except Exception as error:
            case["error"] = f"{type(error).__name__}: {error}"[:200]
        if name != "global strftime_now" or "error" in case:
            cases.append(case)
    for value, names in BYTES.items():
        for name in names:
            cases.append({"name": f"method {value}.{name}", "template": PRELUDE + "{{ " + f"{value}.{name}('a')" + " }}",
                          "refused": "bytes"})
    given = {case["name"] for case in cases if "text" in case}
    expected = {f"filter {name}" for name in environment().filters} | {f"test {name}" for name in defaults.DEFAULT_TESTS}
    assert expected - given == {"filter random"}, expected - given
    print(json.dumps({"variables": VARIABLES, "names": sorted(given)}))
    for case in cases:
        print(json.dumps(case))


if __name__ == "__main__":
    main()
