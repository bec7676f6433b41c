#!/usr/bin/env python3
"""Prints random templates and what Jinja2 makes of them, in the environment of transformers.

    random_templates.py SEED COUNT    lines of {"template", "text"} or {"template", "error"}

The first line holds the variables. Most templates are valid; what they do is what chat templates do,
with values of every type in every place.
"""
import copy
import datetime
import json
import random
import sys
import warnings

from transformers.utils import chat_template_utils

VARIABLES = {
    "messages": [
        {"role": "system", "content": "Be kind.\n"},
        {"role": "user", "content": "Hi <b>'there'</b> & \"you\" ☺é", "n": None},
        {"role": "assistant", "content": " a b ", "items": 3,
         "tool_calls": [{"name": "f", "arguments": {"b": 1.5, "a": None}}]},
    ],
    "tools": None, "add_generation_prompt": True, "n": 7, "x": -2.5, "big": 12345678901, "zero": 0,
    "word": "straße Ünï", "empty": "", "text": "one\n  two\n\nthree ", "names": ["b", "A", "c", "a"],
    "numbers": [3, 1.5, True, 2], "table": {"b": 2, "a": [1, None, "q'"], "C": {"k": "ü\n"}},
    "pairs": [["k", 1], ["l", 2]],
}
NAMES = list(VARIABLES) + ["missing", "m", "i", "ns.v", "messages[0]", "messages[-1].content", "table.C"]
STRINGS = ["", "a", "A b", " x ", "a,b,,c", "é☺", "<&'\">", "%s", "{}", "12", "-1.5", "0x1f", "b", "content"]
TESTS = [
    "defined", "undefined", "none", "string", "mapping", "sequence", "iterable", "number", "integer",
    "float", "boolean", "true", "false", "odd", "even", "lower", "upper", "callable", "escaped",
    "divisibleby(3)", "eq(1)", "ne('a')", "in(names)", "sameas(none)", "gt(1)", "le(2)", "equalto(x)",
]
FILTERS = [
    "abs", "attr('role')", "batch(2)|list", "batch(3,'f')|list", "capitalize", "center(7)", "count",
    "default('d')", "d('e',true)", "dictsort", "dictsort(true)", "dictsort(by='value')", "e", "first",
    "float", "float(1)", "format(1)", "groupby('role')", "indent", "indent(2,true)", "indent(1,blank=true)",
    "int", "int(3)", "items|list", "join", "join(', ')", "join('-',attribute='role')", "last", "length",
    "list", "lower", "map('upper')|list", "map(attribute='role')|list", "map('int')|list",
    "map(attribute='content',default='z')|list", "max", "min", "reject|list", "reject('odd')|list",
    "rejectattr('n')|list", "replace('a','bb')", "replace('a','c',1)", "reverse|list", "round", "round(1)",
    "round(0,'ceil')", "round(1,'floor')", "safe", "select|list", "select('string')|list",
    "selectattr('role','equalto','user')|list", "selectattr('n','defined')|list", "slice(2)|list", "sort",
    "sort(reverse=true)", "sort(attribute='role')", "sort(case_sensitive=true)", "string", "striptags",
    "sum", "sum(start=1)", "sum(attribute='n')", "title", "tojson", "tojson(indent=2)", "tojson(sort_keys=true)",
    "tojson(ensure_ascii=true)", "trim", "trim('a')", "truncate(4)", "truncate(5,true,'..')", "unique|list",
    "upper", "urlencode", "wordcount", "wordwrap(4)", "filesizeformat", "forceescape",
]
METHODS = [
    "split()", "split(',')", "split('a',1)", "rsplit(None,1)", "strip()", "lstrip('a ')", "rstrip()", "upper()",
    "lower()", "title()", "capitalize()", "startswith('a')", "endswith(('a','b'))", "replace('a','x')",
    "replace('','-')", "find('b')", "rfind('a',1)", "count('a')", "index('a')", "join(['x','y'])", "isdigit()",
    "isalpha()", "islower()", "isupper()", "splitlines()", "partition('b')", "zfill(4)", "center(5,'*')",
    "ljust(3)", "format(1,a=2)", "removeprefix('a')", "swapcase()", "get('b')", "get('z',0)",
    "items()|list", "keys()|list", "values()|list", "copy()", "index(1)", "append(1)", "pop()", "expandtabs()",
    "casefold()", "isspace()", "istitle()", "is_integer()",
]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, options):
        return self.random.choice(options)

    def literal(self):
        kind = self.random.randrange(9)
        if kind < 3:
            return self.pick(["'{}'", '"{}"']).format(self.pick(STRINGS).replace("'", "").replace('"', ""))
        if kind < 5:
            return self.pick(["0", "1", "2", "-3", "10", "1_0", "1.5", "-0.0", "2e3", "0.1", "1e16", "1e-7", "100.0"])
        return self.pick(["true", "false", "none", "True", "None", "[]", "{}", "()", "(1,)", "[1,'a']", "{'k':1}",
                          "[[1,2],[3]]", "{'b':{'c':[1]}}", "'a' 'b'", "'\\n\\t'", "'\\u00e9'"])

    def expression(self, depth):
        if depth <= 0:
            return self.pick(NAMES) if self.random.random() < 0.6 else self.literal()
        e = lambda: self.expression(depth - 1 - self.random.randrange(2))  # noqa: E731
        kind = self.random.randrange(22)
        if kind < 3:
            return f"{e()}|{self.pick(FILTERS)}"
        if kind == 3:
            return f"({e()})|{self.pick(FILTERS)}"
        if kind == 4:
            return f"{e()} is {self.pick(['', 'not '])}{self.pick(TESTS)}"
        if kind == 5:
            return f"({e()}).{self.pick(METHODS)}"
        if kind == 6:
            return f"{self.pick(NAMES)}.{self.pick(METHODS)}"
        if kind < 9:
            return f"{e()} {self.pick(['+', '-', '*', '/', '//', '%', '~', '~', '+', '**'])} {e()}"
        if kind == 9:
            return f"({e()}) {self.pick(['==', '!=', '<', '<=', '>', '>=', 'in', 'not in'])} ({e()})"
        if kind == 10:
            return f"{e()} {self.pick(['and', 'or'])} {e()}"
        if kind == 11:
            return f"{self.pick(['not ', '-', '+'])}{e()}"
        if kind == 12:
            return f"({e()} if {e()} else {e()})"
        if kind == 13:
            return f"({e()} if {e()})"
        if kind == 14:
            return f"({e()})[{self.pick(['0', '-1', '1', '9', chr(39) + 'role' + chr(39), chr(39) + 'b' + chr(39)])}]"
        if kind == 15:
            part = lambda: self.pick(["", "", "0", "1", "-1", "2", "-9", "99"])  # noqa: E731
            return f"({self.pick(NAMES)})[{part()}:{part()}{self.pick(['', ':', ':2', ':-1', ':-2'])}]"
        if kind == 16:
            return f"[{e()}, {e()}]"
        if kind == 17:
            return "{" + f"'k': {e()}, {self.pick(['1', chr(39) + 'l' + chr(39), 'none', '(1,2)'])}: {e()}" + "}"
        if kind == 18:
            return f"({e()}, {e()})"
        if kind == 19:
            return self.pick(["range(3)|list", "range(1,9,4)|list", "dict(a=1)", "namespace(v=2).v", "range(n)|sum",
                              "strftime_now('%d %b %Y')", "loop.index", "loop.last", "'%s-%d' % (word, n)",
                              "'%05.2f' % x", "'{:>4}|{!r}'.format(n, word)", "'{0[a]}'.format(table)"])
        if kind == 20:
            return f"({e()}).{self.pick(['role', 'content', 'b', 'nope', 'k', '0'])}"
        return self.literal()

    def text(self):
        return self.pick(["", "x", " ", "\n", "  \n", "a\n  ", "\n\n", "t ", " é", "\n    "])

    def open(self):
        return self.pick(["{% ", "{% ", "{%- ", "{%+ "])

    def close(self):
        return self.pick([" %}", " %}", " -%}", " %}\n", " +%}"])

    def tag(self, words):
        return self.open() + words + self.close()

    def body(self, depth):
        return "".join(self.statement(depth - 1) + self.text() for _ in range(self.random.randrange(1, 4)))

    def statement(self, depth):
        kind = self.random.randrange(16) if depth > 0 else self.random.randrange(5)
        expression = self.expression(self.random.randrange(4))
        if kind < 5:
            return self.text() + self.pick(["{{ ", "{{- "]) + expression + self.pick([" }}", " -}}", " }}\n"])
        if kind < 7:
            out = self.tag(f"if {expression}") + self.body(depth)
            if self.random.random() < 0.3:
                out += self.tag(f"elif {self.expression(2)}") + self.body(depth)
            if self.random.random() < 0.5:
                out += self.tag("else") + self.body(depth)
            return out + self.tag("endif")
        if kind < 10:
            target = self.pick(["m", "m", "i", "k, v"])
            over = self.pick(["messages", "messages", "names", "range(3)", "table.items()", "pairs", "table",
                              "messages[1:]", "messages[::-1]", "text.split()", "word", expression])
            rule = f" if {self.expression(2)}" if self.random.random() < 0.2 else ""
            out = self.tag(f"for {target} in {over}{rule}")
            out += self.pick(["", "", "{{ loop.index }}", "{{ loop.first }}{{ loop.last }}", "{{ loop.revindex0 }}",
                              "{{ loop.previtem }}", "{{ loop.cycle('a', 'b') }}", "{{ loop.changed(m) }}",
                              "{% if loop.index == 2 %}{% break %}{% endif %}",
                              "{% if loop.first %}{% continue %}{% endif %}"]) + self.body(depth)
            if self.random.random() < 0.2:
                out += self.tag("else") + self.body(depth)
            return out + self.tag("endfor")
        if kind == 10:
            return self.tag(f"set {self.pick(['m', 'i', 'n', 'k'])} = {expression}")
        if kind == 11:
            return self.tag("set ns = namespace(v=1)") + self.tag(f"set ns.v = {expression}") + "{{ ns.v }}"
        if kind == 12:
            filters = self.pick(["", " | upper", " | trim", " | length"])
            return self.tag(f"set m{filters}") + self.body(depth) + self.tag("endset") + "{{ m }}"
        if kind == 13:
            return (self.tag("macro f(a, b=2)") + "{{ a }}{{ b }}" + self.body(depth) + self.tag("endmacro")
                    + "{{ f(" + self.pick(["", "1", "1, 3", "a=n", "b=1, a=2", "1, 2, 3", "1, c=2"]) + ") }}")
        if kind == 14:
            return self.tag(f"filter {self.pick(FILTERS)}") + self.body(depth) + self.tag("endfilter")
        return self.pick(["{# c #}", "{#- c -#}\n", "{% raw %}{{ a }}{% endraw %}", "{%- raw -%} x {% endraw -%}\n",
                          self.tag("generation") + self.body(depth) + self.tag("endgeneration"),
                          self.tag(f"with q = {expression}") + "{{ q }}" + self.tag("endwith")])


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    warnings.simplefilter("ignore")
    now = datetime.datetime(2024, 7, 26, 12, 0, 0)
    print(json.dumps(VARIABLES))
    for i in range(count):
        maker = Maker(seed * 1_000_003 + i)
        # Small ones mostly: where one part fails, nothing is learnt of the others.
        source = maker.body(maker.pick([1, 1, 2, 4])) if i % 2 else maker.statement(0)
        try:
            template = chat_template_utils._cached_compile_jinja_template(source)
            template.environment.globals["strftime_now"] = lambda format: now.strftime(format)
            text = template.render(**copy.deepcopy(VARIABLES))  # some filters append to lists
            if " at 0x" in text or "<function" in text or "<Macro" in text or "<generator" in text:
                continue  # what Python calls an object
            print(json.dumps({"template": source, "text": text}))
        except Exception as error:
            print(json.dumps({"template": source, "error": f"{type(error).__name__}: {error}"[:200]}))


if __name__ == "__main__":
    main()
