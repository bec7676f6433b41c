#!/usr/bin/env python3
"""Writes Tests/ChatTemplateTests/Fixtures/jinja.json: small templates and what Jinja2 makes of them.

Rendered by the environment that transformers renders chat templates with.
"""
import datetime
import json
import pathlib
import jinja2
import transformers
from transformers.utils import chat_template_utils

VARIABLES = {
    "messages": [
        {"role": "system", "content": "Be kind.\n"},
        {"role": "user", "content": "Hi <b>'there'</b> & \"you\" ☺é"},
        {"role": "assistant", "content": "  Hello  ", "items": 3, "calls": [{"name": "f", "args": {"b": 1.5, "a": None}}]},
    ],
    "tools": None,
    "documents": None,
    "add_generation_prompt": True,
    "bos_token": "<s>",
    "n": 7,
    "x": -2.5,
    "word": "straße",
    "names": ["beta", "Alpha", "gamma", "alpha"],
    "table": {"b": 2, "a": [1, True, None, "q'"], "C": {"k": "ü\n"}},
}

TEMPLATES = """
{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m['content'] | trim }}{% if not loop.last %}|{% endif %}{% endfor %}
{% for m in messages if m.role != 'system' %}{{ loop.index }}/{{ loop.length }}{{ loop.first }}{{ loop.last }}{{ loop.revindex0 }}{{ loop.previtem.role if loop.previtem is defined }} {% else %}none{% endfor %}
{% for k, v in table.items() %}{{ k }}={{ v }};{% endfor %}{% for k, v in table|dictsort %}{{ k }}{% endfor %}{% for k in table %}{{ k }}{% endfor %}
{% set ns = namespace(found=false, n=0) %}{% for m in messages %}{% if m.role == 'user' %}{% set ns.found = true %}{% endif %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.found }} {{ ns.n }}
{% set x = 1 %}{% for i in range(3) %}{{ x }}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}
{% if true %}{% set inner = 5 %}{% endif %}{{ inner }}{% if false %}{% elif n > 5 and n < 8 %}mid{% else %}no{% endif %}
{% macro hello(name, mark='!', *extra) %}{% endmacro %}
{% macro hello(name, mark='!') %}Hello {{ name }}{{ mark }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ hello('A') }}{{ hello('B', '?', 3) }}{{ hello(mark='.', name='C', z=1) }}{{ hello() }}
{% macro outer(x) %}[{{ caller(x, 2) }}]{% endmacro %}{% call(a, b) outer(7) %}{{ a }}-{{ b }}{% endcall %}
{% macro rec(n) %}{{ n }}{% if n > 0 %}{{ rec(n - 1) }}{% endif %}{% endmacro %}{{ rec(3) }}
{% for i in [1, [2, 3], 4] recursive %}{% if i is iterable %}({{ loop(i) }}){% else %}{{ i }}@{{ loop.depth }}{% endif %}{% endfor %}
{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{{ loop.cycle('a', 'b') }}{% endfor %}
{% set text %}one {{ n }} two{% endset %}{{ text | upper }}{% set t2 | trim | length %}  abc  {% endset %}{{ t2 }}
{% with a = 1, b = n %}{{ a + b }}{% endwith %}{{ a is defined }}{% filter upper | replace('X', '') %}xabcx{% endfilter %}
{% generation %}{% set g = 1 %}text{% endgeneration %}{{ g is defined }}
{% raw %}{{ not }} {% this %}{% endraw %}{# comment {{ n }} #}after
{{ messages[0].content }}{{ messages[-1]['content'] }}{{ messages[1:] | length }}{{ names[::-1] }}{{ names[1:3] }}{{ word[1:-1] }}{{ word[-1] }}{{ names[5:] }}
{{ 1 + 2 * 3 - 4 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 / 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 1e3 }} {{ 1.0 }} {{ 0.1 + 0.2 }} {{ 10 / 5 }} {{ -x }} {{ +n }} {{ 1_000 }}
{{ 1 == 1.0 }} {{ 'a' < 'b' }} {{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ [1, 2] == [1, 2] }} {{ (1, 2) == [1, 2] }} {{ true == 1 }} {{ none == none }} {{ 'a' in 'abc' }} {{ 'z' not in table }} {{ 2 in [1, 2] }}
{{ n or 'q' }} {{ '' or 'q' }} {{ 0 and 1 }} {{ not n }} {{ not (n and 0) }} {{ 'a' if n else 'b' }} {{ 'a' if not n }}{{ ('x' if n is odd else 'y') if n else 'z' }}
{{ 'a' ~ 1 ~ none ~ true ~ 1.5 ~ [1] }} {{ 'ab' * 3 }} {{ [0] * 2 }} {{ 'a' 'b' }} {{ "it's" }} {{ 'q\\n\\t\\x41\\u00e9\\\\' }}
{{ none }} {{ true }} {{ false }} {{ None }} {{ True }} {{ [none, 'a', "b'c", 1.0, {'k': (1,)}] }} {{ {} }} {{ () }} {{ (1, 2) }} {{ 'é\\u200b' | list }}
{{ missing }}|{{ missing is defined }}|{{ missing is none }}|{{ missing | default('d') }}|{{ '' | default('d', true) }}|{{ none | default('d') }}|{{ missing | length }}|{% for i in missing %}{% endfor %}
{{ table | tojson }} {{ table | tojson(indent=2) }} {{ table | tojson(sort_keys=true) }} {{ [] | tojson(indent=4) }} {{ table | tojson(ensure_ascii=true) }} {{ table | tojson(separators=(',', ':')) }} {{ '<&>' | tojson }}
{{ names | join(', ') }} {{ messages | join('-', attribute='role') }} {{ messages | map(attribute='role') | list }} {{ names | map('upper') | join }} {{ messages | map(attribute='x', default='d') | list }}
{{ names | sort }} {{ names | sort(reverse=true, case_sensitive=true) }} {{ names | unique | list }} {{ messages | sort(attribute='role') | map(attribute='role') | list }} {{ [3, 1, 2] | max }} {{ names | min }} {{ [1, 2.5] | sum }}
{{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ messages | rejectattr('role', 'in', ['user', 'system']) | map(attribute='content') | first }} {{ [1, 2, 3] | select('odd') | list }} {{ [0, 1] | reject | list }} {{ messages | selectattr('items') | list | count }}
{{ 'hello world foo' | title }} {{ 'HELLO' | capitalize }} {{ ' a ' | trim }}| {{ 'xxaxx' | trim('x') }} {{ 'a-b-a' | replace('a', 'c', 1) }} {{ 'abc' | reverse }} {{ [1, 2] | reverse | list }} {{ 'abc' | first }} {{ [1, 2] | last }}
{{ 3.7 | int }} {{ '12' | int }} {{ 'x' | int(5) }} {{ '1.5' | float }} {{ 2.567 | round(2) }} {{ 2.5 | round }} {{ -3 | abs }} {{ 7 | string }} {{ 42.0 | int }} {{ '0x1f' | int(0, 16) }}
{{ 'line1\\nline2\\n\\nline3' | indent }} {{ 'a\\nb' | indent(2, true) }} {{ 'a b c' | wordcount }} {{ 'foo bar baz qux' | truncate(9) }} {{ 'foo bar baz qux' | truncate(9, true) }} {{ 'ab' | center(6) }}| {{ '%s has %d and %.2f' | format('x', 3, 1.5) }}
{{ '<a href="x">' | escape }} {{ '<a>' | safe }} {{ 'x'|safe + '<b>' }} {{ '<' ~ ('>'|safe) }} {{ '<b>' + 'y'|safe }} {{ 'a b&c' | urlencode }}
{{ table.items() | list }} {{ table | items | list }} {{ table.keys() | list }} {{ table.get('b') }} {{ table.get('z') }} {{ table.get('z', 5) }} {{ table['a'][3] }} {{ table.C.k }} {{ messages[2].items is callable }} {{ messages[2]['items'] }}
{{ 'a,b,,c'.split(',') }} {{ ' a  b c '.split() }} {{ 'a b c'.split(' ', 1) }} {{ 'a b c'.rsplit(' ', 1) }} {{ 'a</t>b'.split('</t>')[-1] }} {{ 'x'.join(['a', 'b']) }} {{ 'a\\nb\\n'.splitlines() }} {{ 'k=v=w'.partition('=') }} {{ 'k=v=w'.rpartition('=') }}
{{ ' x '.strip() }}|{{ ' x '.lstrip() }}|{{ ' x '.rstrip() }}|{{ '\\n\\nx\\n'.strip('\\n') }}|{{ 'abc'.startswith('ab') }}{{ 'abc'.endswith(('x', 'bc')) }}{{ 'abc'.upper() }}{{ 'ABC'.lower() }}{{ 'hello world'.title() }}{{ 'hELLO'.capitalize() }}{{ 'aXb'.swapcase() }}
{{ 'banana'.replace('a', 'o', 2) }} {{ 'banana'.find('n') }} {{ 'banana'.rfind('n') }} {{ 'banana'.find('z') }} {{ 'banana'.count('an') }} {{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ 'AB'.isupper() }} {{ '7'.zfill(3) }} {{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.py'.removesuffix('.py') }}
{{ '{} and {}'.format(1, 'a') }} {{ '{0}{1}{0}'.format('x', 'y') }} {{ '{n:>5}|{n:<5}|{n:^5}|{f:.2f}|{i:,}|{i:05d}'.format(n='ab', f=3.14159, i=12345) }} {{ '%s-%s' % ('a', 2) }} {{ '%05.1f|%x|%%' % (3.14159, 255) }} {{ 'ab'.ljust(4) }}|{{ 'ab'.rjust(4, '.') }}
{{ n is number }} {{ x is float }} {{ n is integer }} {{ true is integer }} {{ true is number }} {{ 'a' is string }} {{ table is mapping }} {{ names is sequence }} {{ table is sequence }} {{ n is iterable }} {{ none is none }} {{ true is boolean }} {{ true is true }} {{ n is divisibleby 7 }} {{ n is divisibleby(3) }} {{ n is not even }} {{ 'a' is in 'abc' }} {{ n is eq 7 }} {{ 'ab' is lower }} {{ names is sameas names }} {{ namespace is callable }}
{{ strftime_now('%d %b %Y') }} {{ strftime_now('%Y-%m-%d %H:%M:%S %A %B %j %y %I %p %a') }} {{ strftime_now('%-d/%-m') }}
{{ range(3) | list }} {{ range(1, 10, 3) | list }} {{ range(5, 0, -2) | list }} {{ dict(a=1, **{'b': 2}) }} {% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{% set j = joiner(', ') %}{{ j() }}{{ j() }}
{% for b in [1, 2, 3] | batch(2) %}{{ b }}{% endfor %} {% for key, group in messages | groupby('role') %}{{ key }}{{ group | length }}{% endfor %} {{ messages[2:] | map(attribute='calls.0.name') | list }}
{% set a, b = 1, [2, 3] %}{{ a }}{{ b }}{% set (c, d) = (4, 5) %}{{ c + d }}{% for (i, j) in [(1, 2), (3, 4)] %}{{ i * j }} {% endfor %}
{{ [1, 2] + [3] }} {{ (1,) + (2,) }} {{ 'a' + 'b' }} {{ messages | length > 2 }} {{ -1 | abs }} {{ 2 ** 3 ** 2 }} {{ 1 - 1 - 1 }} {{ not true == false }} {{ 3 in [1, 2] or 1 }} {{ 'x' is defined and 1 }}
{{ {'a': 1, 'b': {'c': [1, 2]}}.b.c[1] }} {{ [[1, 2], [3]][0][1] }} {{ 'abc'[1] }} {{ 'abc'[::-1] }} {{ names[-10:2] }} {{ none.x is defined }} {{ 'abc'.nope is defined }}
{{ 'ß' | upper }} {{ 'ǆ' | capitalize }} {{ 'İ'.lower() | length }} {{ '日本語'[1] }} {{ '👍🏽' | length }} {{ 'e\\u0301' == 'é' }} {{ {'é': 1}.get('e\\u0301') }} {{ 'ÀÉ' | lower }}
{{ raise_exception('no ' ~ n) }}
{{ missing.attribute }}
{{ missing + 1 }}
{{ names.append('x') }}
{{ table.update({'z': 1}) }}
{{ 1 + 'a' }}
{{ n | tojson | length }}{{ missing | tojson }}
{{ 5 | length }}
{{ n.foo.bar }}
{{ 1 / 0 }}
{{ nope() }}
{{ range(1000000) | list | length }}
{% if n is string %}{{ x | nosuchfilter }}{% endif %}fine
{% for m in messages | selectattr('role', 'nosuch') %}{% endfor %}
{{ 'a' < 1 }}
{{ [] | first }}|{{ [] | last }}|{{ {}.x }}|{{ [][0] }}|{{ '' | list }}
""".strip("\n").split("\n")

BLOCKS = [
    "{% if true %}\n  a\n{% endif %}\nb\n",
    "  {% if true %}  \n  a\n  {%- endif -%}  \n  b\n\n",
    "a\n   {%+ if true %}b{% endif +%}\nc",
    "a   {{- ' x ' -}}   b\n\t{{ n }}\n",
    "{# c #}\nx\n  {# d #}\ny {# e -#}  \n  z",
    "x {% if n %}\n\n  {{ n }}\n{% endif %}\n\n",
    "{%- for i in [1, 2] -%}\n  <{{ i }}>\n{%- endfor %}\n",
    "{% for i in [1, 2] %}\n  <{{ i }}>\n{% endfor %}\nend",
    "line\r\nnext{% if 1 %}\r\nx\r{% endif %}\r\nlast\r\n",
    "{% set a = 1 %}\n{% set b = 2 -%}\n  {{ a }}{{ b }}\n  {%- raw -%}  {{ r }}  {%- endraw -%}  q",
    "{% raw %}\n {{ x }}\n{% endraw %}\nafter",
    "{{ {'a': {'b': 1}}['a'] }}{{ '}}' }}{{ \"{% x %}\" }}{{ 'a'\n  ~ 'b' }}",
    "\n\n  {% macro m() %}\n  x\n  {% endmacro %}\n  {{ m() }}|\n",
    "a\u00a0{%- if 1 %}b{% endif -%}\u3000c",
    "{% if 1 %}{% if 1 %}\n  x{% endif %}\n{% endif %}y {%- if 1 %} z {%- endif %}",
]


def render(source):
    template = chat_template_utils._compile_jinja_template(source)
    now = datetime.datetime(2024, 7, 26, 12, 0, 0)
    template.environment.globals["strftime_now"] = lambda format: now.strftime(format)
    return template.render(**VARIABLES)


cases = []
for source in TEMPLATES + BLOCKS:
    try:
        cases.append({"template": source, "text": render(source)})
    except Exception as error:
        cases.append({"template": source, "error": f"{type(error).__name__}: {error}"[:120]})
lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
variables = json.dumps(VARIABLES, ensure_ascii=False)
target = pathlib.Path(__file__).resolve().parents[2] / "Tests/ChatTemplateTests/Fixtures/jinja.json"
target.write_text(
    f'{{"jinja2": "{jinja2.__version__}", "transformers": "{transformers.__version__}",\n'
    f'"variables": {variables},\n"cases": [\n{lines}\n]}}\n'
)
print(len(cases), "cases,", sum("error" in case for case in cases), "errors")
