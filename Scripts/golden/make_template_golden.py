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

FURTHER = r"""
{{ '%5.2f|%-8s|%+d|% d|%e|%g|%G|%c|%r|%o|%#x|%i' % (3.14159,'ab',5,5,12345.678,0.0001,1e20,'x','q',8,255,7) }}
{{ '%(a)s %(b)d' % {'a':1,'b':2} }}
{{ '%s' % [1,2] }}{{ '%s' % none }}{{ '%s' % (1,) }}
{{ '%d' % 3.9 }}
{{ '%*d' % (5, 3) }}
{{ '%s %s' % ('a',) }}
{{ '%s' % ('a','b') }}
{{ '{:e} {:g} {:G} {:%} {:.1%}'.format(12345.678, 0.0001, 1e20, 0.25, 0.256) }}
{{ '{:g} {:g} {:g} {:g}'.format(1.0, 100000, 1000000.0, 1e-5) }}
{{ '{:n} {:c} {:_} {:#x} {:#b} {:08.3f} {:+.2f} {: d}'.format(5, 65, 1234567, 255, 5, 3.14159, 2.5, 3) }}
{{ '{:*^10}|{:->6}|{:<6}|{:x<4}'.format('a', 'b', 1, 2) }}
{{ '{0[a]} {0[b]} {1[0]} {2.x}'.format({'a':1,'b':2}, [5], {'x':1}) }}
{{ '{!r} {!s} {!a}'.format('é','é','é') }}
{{ '{:{}}'.format('a', 5) }}|{{ '{:{w}.{p}f}'.format(3.14159, w=8, p=2) }}
{{ '{:,.2f} {:,}'.format(1234567.891, 1234567) }}
{{ '{a} {b}'.format_map({'a':1,'b':2}) }}
{{ '{:s}'.format('x') }}{{ '{:d}'.format('x') }}
{{ '{:d}'.format(3.5) }}
{{ '{:.3}'.format('abcdef') }} {{ '{:.3}'.format(3.14159) }} {{ '{:10.3}|'.format(2.0) }}
{{ '{}'.format(1.0) }}{{ '{:}'.format(none) }}{{ '{:5}'.format(true) }}
{{ '{' }}{{ '{{}}'.format() }}
{{ 'abc'.isidentifier() }} {{ 'abc'.isprintable() }} {{ 'Abc Def'.istitle() }} {{ '²'.isdigit() }} {{ '½'.isnumeric() }}{{ '٣'.isdecimal() }}
{{ 'a,b,c'.rsplit(',', 1) }} {{ 'a  b'.rsplit() }} {{ ' a b c '.rsplit(none, 1) }} {{ 'a b c'.split(maxsplit=1) }} {{ 'aXXbXXc'.split('XX') }} {{ ''.split() }} {{ ''.split(',') }}
{{ 'abc'.find('c', 1) }} {{ 'abcabc'.find('a', 1) }} {{ 'abcabc'.count('a', 1) }} {{ 'abcabc'.rfind('a', 0, 3) }} {{ 'abc'.index('b') }} {{ 'abcabc'.startswith('b', 1) }} {{ 'abcabc'.endswith('b', 0, 2) }}
{{ 'abc'.index('z') }}
{{ 'ab'.center(5,'*') }} {{ 'ab'.center(6,'*') }} {{ 'abc'.center(6,'*') }}
{{ '-5'.zfill(4) }} {{ '+5'.zfill(4) }}
{{ 'ﬃ'.upper() }} {{ 'ΑΣ'.lower() }} {{ 'ß'.casefold() }} {{ 'ǆ'.title() }} {{ "it's a dog's".title() }} {{ "it's a dog's"|title }}
{{ 1e16 }} {{ 1e15 }} {{ 123456789012345678.0 }} {{ 1e-4 }} {{ 1e-5 }} {{ 1.5e300 }} {{ 0.1 }} {{ 100000.0 }} {{ 1e22 }} {{ 5e-324 }} {{ -0.0 }}
{{ 3 / 2 }} {{ 4 / 2 }} {{ 7.5 // 2 }} {{ -7.5 // 2 }} {{ -7.5 % 2 }} {{ 7 % -3 }} {{ 2 ** 0.5 }} {{ 2 ** 62 }} {{ 10 ** -2 }} {{ (-8) ** 2 }} {{ -8 ** 2 }}
{{ true + 1 }} {{ true * 3 }} {{ true ~ 1 }} {{ -true }} {{ 1 == true }} {{ 'a' == 1 }} {{ [] == false }}
{{ 1 < 2 < 3 > 2 }} {{ 1 if 0 else 2 if 0 else 3 }} {{ (1,2) < (1,3) }} {{ [1] < [1,2] }} {{ 'b' > 'a' }}
{{ none == false }} {{ none < 1 }}
{{ not none }} {{ none or 'x' }} {{ none and 'x' }} {{ 1 and 2 or 3 }} {{ 0 or '' or [] or none }}
{{ missing == none }} {{ missing == missing }} {{ missing or 'x' }} {{ missing | string }}| {{ [missing] }} {{ missing ~ 'a' }} {{ missing is sequence }} {{ missing is iterable }} {{ missing is string }} {{ missing is mapping }}
{{ missing | tojson }}
{{ missing.x.y }}
{{ missing['x'] }}
{{ missing() }}
{{ missing | upper }}|{{ missing | trim }}|{{ missing | join(',') }}|{{ missing | first }}|{{ missing | list }}
{{ missing + 'a' }}
{{ 'a' + missing }}
{{ missing * 2 }}
{{ missing in [1] }} {{ 1 in missing }}
{{ -missing }}
{{ missing < 1 }}
{{ {'a': missing}.a is defined }} {{ {'a': none}.a is defined }} {{ messages[0].nope is defined }} {{ messages[99] is defined }} {{ messages[99].x is defined }}
{{ messages.nope is defined }} {{ (messages | first).role }} {{ messages[0]['role'][0] }}
{{ 'abc'[5] }}| {{ 'abc'[5] is defined }} {{ [1][5] is defined }} {{ {'a':1}['b'] is defined }} {{ 'abc'['x'] is defined }} {{ 5[0] is defined }}
{{ none[0] }}|
{{ none.foo }}|
{{ none.foo.bar }}
{{ 5 .x }}|
{{ [1,2,3][1:][0] }} {{ [1,2,3][:-1] }} {{ [1,2,3][::2] }} {{ [1,2,3][-1:] }} {{ 'hello'[1:3] }} {{ 'hello'[-3:] }} {{ (1,2,3)[1:] }} {{ 'hello'[::-2] }} {{ [1,2,3][5:] }} {{ [1,2,3][none:2] }}
{{ [1,2,3][::0] }}
{{ [1,2][true] }} {{ {1:'a', true:'b'} }} {{ {1.0:'x'}[1] }} {{ {none: 1} }} {{ {(1,2): 3} }}
{{ {[1]: 2} }}
{{ {'a':1,'a':2} }} {{ {'a':1} == {'a':1.0} }} {{ {'a':1,'b':2} == {'b':2,'a':1} }}
{{ {'a':1}.items() }} {{ {'a':1}.keys() }} {{ {'a':1}.values() }} {{ {'a':1}.items() | list }} {{ {'b':1,'a':2} | dictsort }} {{ {'b':1,'a':2} | dictsort(by='value') }} {{ {'b':1,'A':2} | dictsort(true) }} {{ {'b':1,'a':2} | dictsort(reverse=true) }}
{{ {'a':1}.keys() | length }} {{ {'a':1,'b':2}.values() | sum }} {{ 'a' in {'a':1}.keys() }} {{ ('a',1) in {'a':1}.items() }} {{ {'a':1}.keys() is iterable }} {{ {'a':1}.items() is sequence }} {{ {'a':1}.keys()[0] is defined }}
{{ range(3) | tojson }}
{{ range(0, 5, 2) }} {{ [range(2)] }} {{ range(3)[-1] }} {{ range(3)|last }} {{ range(3)|reverse|list }}
{{ (messages | selectattr('role','equalto','user') | list)[0].content }} {{ (messages | map(attribute='role'))[0] is defined }}
{{ (messages | map(attribute='role')) | length }}
{% set ns = namespace(a=[]) %}{% set ns.a = ns.a + [1] %}{{ ns.a }} {{ ns['a'] }} {{ ns.a is defined }}
{% set ns.x = 1 %}
{% set n2 = {'a': 1} %}{% set n2.a = 2 %}{{ n2 }}
{{ dict(a=1) }} {{ dict({'a':1}, b=2) }} {{ dict([('a',1)]) }} {{ dict() }}
{{ loop }}
{% for i in [1,2,3] %}{{ loop.index }}{{ loop.first }}{{ loop.last }}{{ loop.revindex }}{{ loop.length }}{{ loop.nextitem }}{{ loop.previtem }}{{ loop.changed(i // 2) }};{% endfor %}
{% for i in 'abc' %}{{ i }}{% endfor %}{% for i in {'a':1} %}{{ i }}{% endfor %}{% for i in range(3) %}{{ i }}{% endfor %}{% for i in (1,2) %}{{ i }}{% endfor %}
{% for i in 5 %}{% endfor %}
{% for i in none %}{% endfor %}
{% for a, b in [(1,2,3)] %}{% endfor %}
{% for a, (b, c) in [(1,(2,3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for i in [1,2,3] if i > 5 %}{% else %}none{% endfor %}{% for i in [] %}{% else %}e{% endfor %}
{% for i in [1,2,3] %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% else %}E{% endfor %}
{% for i in [1,2,3] %}{% for j in [1,2] %}{% if j == 2 %}{% continue %}{% endif %}{{ i }}{{ j }}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}
{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{% endfor %}{{ x }}{% if true %}{% set x = 3 %}{% endif %}{{ x }}
{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}
{% macro m() %}x{% endmacro %}{{ m(1) }}
{% macro m() %}x{% endmacro %}{{ m(a=1) }}
{% macro m() %}{{ bos_token }}{{ zz }}{% endmacro %}{% set zz = 5 %}{{ m() }}
{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}
{% macro m() %}<b>{% endmacro %}{{ m() + '<c>' }} {{ m() | length }} {{ m() is string }} {{ m() ~ '<' }} {{ [m()] }} {{ m() | tojson }} {{ m() == '<b>' }}
{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}hi{% endcall %} {% call(x) m() %}{{ x }}{% endcall %}
{% call nope() %}x{% endcall %}
{% set a = 'x' | upper %}{{ a }}{% set b %}{{ a }}y{% endset %}{{ b }}{{ b | length }}{{ [b] }}
{% set a = b = 1 %}
{{ 'a\nb\nc' | indent(first=true) }} {{ 'a\n\nb' | indent(2, false, true) }} {{ 'a\nb' | indent('>>') }}
{{ 'x' | center(5) }}| {{ 'a b c d e f' | wordwrap(3) }} {{ 'hello world this is' | truncate(10) }} {{ 'hello world this is' | truncate(10, true, '!') }} {{ 'hello' | truncate(4, leeway=0) }}
{{ [1,2,3,4,5] | slice(2) | list }} {{ [1,2,3] | slice(2, 'x') | list }} {{ [1,2,3,4,5] | batch(2, 'x') | list }}
{{ [3,1,2] | sort | first }} {{ ['b','A','c'] | sort }} {{ ['b','A','c'] | sort(case_sensitive=true) }} {{ messages | sort(attribute='role', reverse=true) | map(attribute='role') | join(',') }} {{ [[1,'b'],[1,'a']] | sort(attribute='0,1') }}
{{ [1,'a'] | sort }}
{{ ['a','A','b'] | unique | list }} {{ ['a','A','b'] | unique(true) | list }} {{ [1,2,2] | sum }} {{ messages | sum(attribute='x') }}
{{ messages | sum(attribute='content') }}
{{ [1,2,3] | min }} {{ ['b','A'] | max }} {{ [] | min }}| {{ messages | max(attribute='role') }}
{{ [1,none,2] | select | list }} {{ [1,2,3] | select('gt', 1) | list }} {{ [1,2] | reject('eq', 1) | list }} {{ ['a',''] | select('string') | list }} {{ [1,2,3,4] | select('divisibleby', 2) | list }}
{{ [1,2] | map('string') | join }} {{ ['a','b'] | map('upper') | list }} {{ [[1,2],[3]] | map('sum') | list }} {{ [[1,2],[3]] | map('length') | list }} {{ ['a'] | map('replace', 'a', 'b') | list }} {{ ['1'] | map('int') | list }}
{{ [1] | map('nope') | list }}
{{ [1] | map | list }}
{{ [{'a':{'b':1}}] | map(attribute='a.b') | list }} {{ [[1,2]] | map(attribute=0) | list }} {{ [[1,2]] | map(attribute='1') | list }}
{{ 'abc' | list }} {{ {'a':1} | list }} {{ 5 | list }}
{{ 'abc' | length }} {{ {'a':1} | length }} {{ none | length }}
{{ 5 | string + 'a' }} {{ true | string }} {{ none | string }} {{ [1] | string }} {{ 1.0 | string }} {{ 5 | upper }} {{ true | lower }} {{ none | trim }}
{{ 'a' | default('b') }} {{ none | default('b', true) }} {{ 0 | d(1, boolean=true) }} {{ false | default(1) }} {{ missing | d }}| {{ missing.a | default('x') }}
{{ (missing.a).b | default('x') }}
{{ '5' | int + 1 }} {{ 'a' | int(-1) }} {{ '12abc' | int }} {{ '0b11' | int(base=2) }} {{ '1e3' | int }} {{ '1e3' | float }} {{ 'inf' | float }} {{ 'nan' | float }} {{ ' 42 ' | int }} {{ '1_000' | int }} {{ none | int }} {{ none | float }} {{ [] | int }} {{ true | int }} {{ '٣' | int }} {{ '0x1A' | int(base=16) }} {{ '0o17' | int(base=8) }}{{ '-5' | int }}{{ '+5' | int }} {{ '5.9' | int }} {{ 'infinity' | int }}
{{ 1.5 | round }} {{ 2.5 | round }} {{ -1.5 | round }} {{ 2.675 | round(2) }} {{ 1234 | round(-2) }} {{ 1.21 | round(1, 'ceil') }} {{ 1.29 | round(1, 'floor') }} {{ 5 | round }} {{ 0.5 | round | int }}
{{ '1' | round }}
{{ -5 | abs }} {{ -5.5 | abs }} {{ 'a' | abs }}
{{ 'a' | e }} {{ '<' | forceescape }} {{ '<' | e | e }} {{ ('<' | safe) | e }} {{ '<' | escape | upper }} {{ '<' | safe | replace('<', '>') }} {{ ('<' | safe) ~ '<' }} {{ ['<'] | join('&') }} {{ [('<' | safe), '<'] | join('&') }}
{{ {'a':1,'b':[1,{'c':none}]} | tojson(indent=2) }} {{ [] | tojson(indent=2) }} {{ {} | tojson(indent=2) }} {{ [[]] | tojson(indent=2) }} {{ 'é\u2028<>&\'' | tojson }} {{ '\x7f\x00' | tojson }} {{ 1.0 | tojson }} {{ true | tojson }} {{ (1,2) | tojson }} {{ {'b':1,'a':2} | tojson(sort_keys=true) }} {{ {1:2, none:3, true:4, 1.5:5} | tojson }} {{ [1,2] | tojson(separators=(',',':')) }} {{ [1,[2]] | tojson(indent='\t') }} {{ {'a':'é'} | tojson(ensure_ascii=true) }} {{ '😀' | tojson(ensure_ascii=true) }} {{ [1]|tojson(indent=0) }}
{{ namespace() | tojson }}
{{ {'a':1}.get | tojson }}
{{ tools | tojson }} {{ documents is none }} {{ tools is defined }} {{ tools is none }}
{{ 'a' is string }} {{ 1 is string }} {{ none is none }} {{ missing is none }} {{ 1 is number }} {{ 1.0 is integer }} {{ 1.0 is float }} {{ true is number }} {{ 'a' is iterable }} {{ 'a' is sequence }} {{ {} is sequence }} {{ {} is iterable }} {{ [] is mapping }} {{ 1 is odd }} {{ 2 is even }} {{ 'A' is upper }} {{ 1 is in [1] }} {{ 1 is sameas 1 }} {{ 1 is sameas true }} {{ none is sameas none }} {{ 'abc' is filter }} {{ 'upper' is filter }} {{ 'odd' is test }} {{ 3 is ge 2 }} {{ 3 is gt(2) }} {{ 1 is eq 1 }} {{ 'a' is ne 'b' }} {{ not 1 is odd }} {{ 1 is not odd }} {{ 1 is defined and 2 is defined }} {{ 5 is divisibleby 5 }} {{ true is true }} {{ 1 is true }} {{ false is false }}
{{ 'a' is not defined or true }} {{ x is defined and x is not none and x > -3 }} {{ (n is odd) | string }} {{ n is odd | string }}
{{ 1.5 is odd }} {{ 'a' is odd }}
{{ 'abc' ~ 5 ~ 1.0 ~ none ~ [] ~ {} }} {{ 1 ~ 2 }} {{ 'a' ~ missing ~ 'b' }} {{ 1 + 2 ~ 3 }} {{ 'a' ~ 1 + 2 }}
{{ 'a' 'b' "c" }} {{ 'a\
{{ "\"" }} {{ '\'' }} {{ "a'b" }} {{ ["a'b"] }} {{ ['a"b'] }} {{ ['a\'b"c'] }} {{ ['\n\t\\'] }} {{ ['\x00\x7f\xa0\xad\u200b\u2028\ufeff\U0001F600é'] }}
{{- 'a' -}} {{+ 'b' }}
{{ [1,2,] }} {{ (1,) }} {{ {'a':1,} }} {{ () }} {{ [] }} {{ (1) }} {{ 1, 2 }} {{ (1,2,) }}
{{ foo(1,) }}
{{ [x for x in [1]] }}
{{ lambda: 1 }}
{{ a := 1 }}
{{ 1 if }}
{{ 1 is }}
{{ | upper }}
{{ 'a' | }}
{{ a.1b }}
{{ messages.0.role }} {{ messages[0].role.upper() }} {{ names.0 }} {{ table.a.3 }} {{ table.a[0] }}
{{ messages|length }} {{ messages|length-1 }} {{ (messages|length)-1 }} {{ -messages|length }} {{ 'a'|upper ~ 'b' }} {{ 'a' ~ 'b'|upper }} {{ not 'a'|length }} {{ 2 * 'a'|length }} {{ -1|abs }} {{ 1.5|int|string }}
{{ names.index('beta') }} {{ names.count('alpha') }} {{ (1,2,1).count(1) }} {{ [1,2].copy() }} {{ names.index('zz') }}
{{ table.pop('b') }}
{{ table.setdefault('b', 1) }}
{{ names.sort() }}
{{ names.__class__ }}
{{ ''.__class__ }}|
{{ messages.__len__() }}
{{ joiner().x }}|
{% set c = cycler(1,2) %}{{ c.current }}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.reset() }}{{ c.next() }}
{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q is defined }}{% with a=1, b=a %}{{ b }}{% endwith %}
{% set a = 1 %}{% with a=2, b=a %}{{ a }}{{ b }}{% endwith %}{{ a }}
{% if %}{% endif %}
{% if n %}{% elif %}{% endif %}
{% else %}
{% for i in [1] %}{% else %}{% else %}{% endfor %}
{% endfor %}
{% set %}
{% set 1 = 2 %}
{% set a.b.c = 2 %}
{% for 1 in [1] %}{% endfor %}
{% set true = 1 %}
{% set loop = 1 %}{{ loop }}
{% for loop in [1] %}{% endfor %}
{% do 1 %}
{% include 'x' %}
{% block a %}x{{ super() }}{% endblock %}
{% import 'x' as y %}
{% extends 'x' %}
{% macro m(a, a) %}{% endmacro %}
{% macro m(a=1, b) %}{% endmacro %}
{% macro caller() %}x{% endmacro %}
{% debug %}
{% trans %}x{% endtrans %}
{% generation %}a{% generation %}b{% endgeneration %}{% endgeneration %}
{% raw %}{{ x }}{%- endraw %} {% raw -%} y {% endraw %}
{# a #}{#- b -#} c {#+ d +#}
{{ n }}{% if n %} {% endif %}{{ n }}
  {%- if n %}  a  {%- endif %}  b
{{ 'a' if n is defined and n > 5 else 'b' }}{{ 'x' if missing }}|{{ ('x' if missing) is defined }} {{ ('x' if missing) ~ 'y' }}
{{ ('x' if false).y }}
{{ messages[0]['content'] if messages and messages[0]['role'] == 'system' else '' }}
{% set first, *rest = [1,2,3] %}
{{ 'a' * -1 }}| {{ 3 * 'ab' }} {{ [1] * 2 }} {{ 'a' * 2.0 }}
{{ 'a' - 'b' }}
{{ [1] + (2,) }}
{{ [1] - [1] }}
{{ {} + {} }}
{{ 'a' + 1 }}
{{ 1 + none }}
{{ 1 // 0 }}
{{ 1.0 / 0 }}
{{ 1 % 0.0 }}
{{ 0 ** -1 }}
{{ 5 // 2.0 }} {{ 5.0 % 3 }} {{ 1e308 * 10 }} {{ -1e308 * 10 }} {{ (1e308 * 10) - (1e308 * 10) }} {{ 3 % -2 }} {{ -3 % 2 }} {{ -3.5 % 2 }} {{ 3.5 % -2 }} {{ 0.3 % 0.1 }} {{ -0.0 + 0 }}
{{ 'abc' < 'abd' }} {{ 'Z' < 'a' }} {{ '' < 'a' }} {{ 1 < 1.5 }} {{ 'a' in ['a'] }} {{ 'a' in ('a',) }} {{ 'a' not in 'abc' }} {{ '' in 'abc' }} {{ 1 in 'abc' }}
{{ 1 in 5 }}
{{ [1,2] in [[1,2]] }} {{ none in [none] }} {{ 1.0 in [1] }} {{ 'a' in {'a': 1} }} {{ [1] in {'a': 1} }}
{{ raise_exception('a', 'b') }}
{{ raise_exception() }}
{{ n|tojson|safe }} {{ word|upper|lower|title }} {{ x|int|abs|string|length }}
{{ '{"a": 1}' | from_json }}
{{ [1,2,3] | tojson | length }} {{ messages | tojson }} {{ messages[2] | tojson(indent=4) }}
{{ messages[2].calls[0].args | items | list }} {{ none | items | list }}
{{ messages | groupby('role') | map(attribute=0) | list }} {{ messages | groupby('role') | first }} {% for g in messages | groupby('role') %}{{ g.grouper }}{{ g.list | length }}{% endfor %}
{{ messages | groupby('nope', default='z') | length }} {{ [1,2] | attr('x') is defined }} {{ table | attr('b') is defined }} {{ table | attr('get') is callable }}
{{ 'a\r\nb\x0bc\x1cd\u2028e'.splitlines() }} {{ 'a\n'.splitlines(true) }} {{ '\n'.splitlines() }} {{ 'a\u00a0b'.split() }} {{ '\u200ba'.strip() }} {{ '\x1fa'.strip() }}
{{ 'aaa'.replace('', '-') }} {{ 'aaa'.replace('a', '', 2) }} {{ ''.replace('', 'x') }} {{ 'abc' | replace('', '-') }} {{ 5 | replace('5', '6') }}
{{ 'a,b'.split(',')[0] }} {{ 'a,b'.split(',', maxsplit=0) }} {{ 'abc'.split('') }}
{{ 'abc'.strip('ac') }} {{ 'abc'.lstrip('a') }} {{ 'abc'.strip(none) }} {{ 'xabcx'.strip('x').upper().lower() }} {{ 'abc'.removeprefix('x') }} {{ 'abc'.partition('b') }} {{ 'abc'.rpartition('z') }}
{{ 'abc'.join('def') }} {{ ','.join({'a':1}) }} {{ ','.join([1]) }}
{{ 'abc'.nope() }}
{{ 'abc'.get('x') }}
{{ [1,2,3] | join(',') }} {{ [1,none,true] | join }} {{ 'abc' | join('-') }} {{ {'a':1,'b':2} | join(',') }} {{ 5 | join }}
{{ [] | join }}|{{ [[1]] | join(',') }} {{ [1]|join(1) }} {{ ['a','b']|join(d='; ') }}
{{ 'a'|nosuch }}
{{ 'a' is nosuch }}
{{ nosuch('a') }}
{{ 'a'.b.c }}
{% for m in messages %}{% if m.role == 'user' %}U{{ m['content'] }}{% elif m.role == 'assistant' %}A{% generation %}{{ m.content }}{% endgeneration %}{% else %}S{% endif %}{% endfor %}
{{ (1,2)[0] }} {{ (1, 'a') }} {{ ((1,2),3) }} {{ [(1,)] }} {{ (1,)|list }} {{ (1,2)|tojson }} {{ (1,2)|length }} {{ (1,2) is sequence }} {{ (1,2) + (3,) }}
{% set ns = namespace(is_first=false, is_tool=false, system_prompt='') %}{%- for message in messages %}{%- if message['role'] == 'system' %}{%- set ns.system_prompt = message['content'] %}{%- endif %}{%- endfor %}{{ns.system_prompt}}
{{ messages | map(attribute='content') | map('trim') | join('|') }} {{ messages | selectattr('role', 'in', ['user','assistant']) | list | length }} {{ messages | rejectattr('calls', 'defined') | list | length }} {{ messages | selectattr('calls', 'defined') | map(attribute='calls') | first | first }}
{{ 'a b c' | split }}
{{ now() }}
{{ 'ab' | map('upper') | list }} {{ {'a':1} | map('upper') | list }} {{ none | map('upper') | list }}
{{ [1,2,3] | last }} {{ 'abc' | last }} {{ {'a':1,'b':2} | first }} {{ {'a':1,'b':2} | last }} {{ (1,2) | first }} {{ '' | first }}| {{ 5 | first }}
{{ true.x is defined }} {{ 1.5.x is defined }} {{ 'a'.0 }} {{ [1,2].0 }}
{{ "a" ~ '
b' }}
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
for source in TEMPLATES + FURTHER + BLOCKS:
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
