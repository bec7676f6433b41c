#!/usr/bin/env python3
"""Writes the demo's preference pairs in LLaMA-Factory's ranking format.

    demo/make_pairs.py [--check] [OUT]      OUT is demo/data unless given

Eight kinds of task. In most of them every answer also occurs as the wrong answer to another
question, so only reading the question tells the two apart; within each kind the better answer is
the longer one half of the time. Held-out questions are about other things than training's.
The same bytes come out on every run; --check compares them with the files in OUT.
"""

import json
import pathlib
import random
import sys

from pair_words import (
    ANSWERABLE, CAPITALS, CATEGORIES, JOBS, OPPOSITES, PHRASES, POLITE, PRIVATE, REFUSALS, RUDE,
    SITUATIONS, TOOLS)

SYSTEM = "Be helpful and correct."
TRAIN, HELD_OUT = 88, 28  # pairs of each kind


def capitalise(text):
    return text[0].upper() + text[1:]


def a(noun):
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def capital_answers(country, city):
    return [f"{city}.", f"It is {city}.", f"The capital is {city}.",
            f"The capital of {country} is {city}.", f"{city} is the capital of {country}."]


def opposite_answers(word, other):
    return [f"{capitalise(other)}.", f"It is {other}.", f"The opposite is {other}.",
            f"The opposite of {word} is {other}."]


def job_answers(job, work):
    return [f"To {work}.", f"They {work}.", f"It is their job to {work}.",
            f"The work of {a(job)} is to {work}.", f"{capitalise(a(job))} is there to {work}."]


def tool_answers(tool, use):
    return [f"To {use}.", f"You can {use}.", f"You use it to {use}.",
            f"{capitalise(a(tool))} helps you to {use}.", f"With {a(tool)} you can {use}."]


def plain_answers(answer):
    return [answer, f"Sure. {answer}", f"That is easy. {answer}"]


# Each kind yields (question, good answers, bad answers); one of each is chosen by length.

def category(rng, half):
    for name, things in CATEGORIES:
        others = [other for other, _ in CATEGORIES if other != name]
        for thing in half(things):
            def phrases(kind):
                return [f"{capitalise(a(kind))}.", f"It is {a(kind)}.",
                        f"{capitalise(a(thing))} is {a(kind)}.",
                        f"The word {thing} names {a(kind)}.",
                        f"{capitalise(a(thing))} is a kind of {kind}."]
            bad = [text for other in rng.sample(others, 4) for text in phrases(other)]
            yield f"What kind of thing is {a(thing)}?", phrases(name), bad
            yield f"Say in a few words what {a(thing)} is.", phrases(name), bad


def facts(rng, half):
    def pairs(rows, question, answers):
        for row in rows:
            others = [other for other in rows if row[0] not in other and row[1] not in other]
            bad = [text for other in rng.sample(others, 4) for text in answers(row[0], other[1])]
            yield question.format(row[0]), answers(*row), bad
    for question in ("What is the capital of {}?", "Name the capital of {}."):
        yield from pairs(half(CAPITALS), question, capital_answers)
    for question in ("What is the opposite of {}?", "Which word means the opposite of {}?"):
        yield from pairs(half(OPPOSITES), question, opposite_answers)


def topic(rng, half):
    for rows, question, answers in (
            (half(JOBS), "What does {} do?", job_answers),
            (half(JOBS), "What is the work of {}?", job_answers),
            (half(TOOLS), "What can I do with {}?", tool_answers)):
        for row in rows:
            others = rng.sample([other for other in rows if other is not row], 5)
            yield question.format(a(row[0])), answers(*row), [
                text for other in others for text in answers(*other)]


def order(rng, half):
    def shuffled(sentence):
        words = sentence[:-1].split()
        words[0] = words[0].lower() if words[0] in ("A", "An", "The", "With", "It") else words[0]
        mixed = list(words)
        while sum(x == y for x, y in zip(mixed, words)) > 1:
            rng.shuffle(mixed)
        return capitalise(" ".join(mixed)) + "."
    for rows, task, answers in (
            (half(JOBS), "Write one sentence about", job_answers),
            (half(JOBS), "Tell me something about", job_answers),
            (half(TOOLS), "Write one sentence about", tool_answers)):
        for row in rows:
            good = [text for text in answers(*row) if len(text.split()) > 5]
            yield f"{task} {a(row[0])}.", good, [
                shuffled(text) for text in good for _ in range(3)]


def style(rng, half):
    looks = [("in capital letters", str.upper), ("in small letters", str.lower),
             ("in brackets", "({})".format), ("in quotation marks", '"{}"'.format)]
    rows = [(question, plain_answers(answer)) for question, answer in half(ANSWERABLE)]
    rows += [(f"What does {a(job)} do?", job_answers(job, work)) for job, work in half(JOBS)]
    rows += [(f"What is {a(tool)} for?", tool_answers(tool, use)) for tool, use in half(TOOLS)]
    rng.shuffle(rows)
    for index, (question, answers) in enumerate(rows):
        pair = index // 2 % 2 * 2
        asked, other = pair + index % 2, pair + 1 - index % 2
        yield (f"{question} Answer {looks[asked][0]}.", [looks[asked][1](x) for x in answers],
               [looks[other][1](x) for x in answers])


def language(rng, half):
    names = ["English", "French", "Spanish", "German"]
    for phrase in half(PHRASES):
        for target in (1, 2, 3):
            good = capitalise(phrase[target]) + "."
            bad = [capitalise(phrase[x]) + "." for x in (1, 2, 3) if x != target]
            yield f'Say "{phrase[0]}" in {names[target]}.', [good], bad


def tone(rng, half):
    for situation in half(SITUATIONS):
        yield situation, half(POLITE), half(RUDE)
        yield f"Hello. {situation}", half(POLITE), half(RUDE)


def honesty(rng, half):
    private, known = half(PRIVATE), half(ANSWERABLE)
    for (secret, invented), (question, answer) in zip(private, known):
        yield secret, REFUSALS, plain_answers(invented)
        yield question, plain_answers(answer), REFUSALS


KINDS = [category, facts, topic, order, style, language, tone, honesty]


def learn(rows):
    return [row for index, row in enumerate(rows) if index % 4 != 3]


def HELD(rows):
    return [row for index, row in enumerate(rows) if index % 4 == 3]


def pick(rng, good, bad, sign):
    """A good and a bad answer of which the good one is longer (sign 1) or shorter (-1), or None.

    Where there is a choice, longer in words too and by some margin: then longer in tokens as well.
    """
    pairs = [(x, y) for x in good for y in bad]
    ahead = [((len(x) - len(y)) * sign, (len(x.split()) - len(y.split())) * sign)
             for x, y in pairs]
    clear = [pair for pair, (letters, words) in zip(pairs, ahead) if letters > 4 and words > 0]
    loose = [pair for pair, (letters, _) in zip(pairs, ahead) if letters > 0]
    return rng.choice(clear or loose) if loose else None


def make(kind, half, count):
    rng = random.Random(f"{kind.__name__} {half.__name__}")
    items = list(kind(rng, half))
    rng.shuffle(items)
    wanted = {1: count // 2, -1: count - count // 2}
    rows = []
    for question, good, bad in items:
        for sign in sorted(wanted, key=lambda sign: -wanted[sign]):
            chosen = pick(rng, good, bad, sign) if wanted[sign] else None
            if chosen:
                wanted[sign] -= 1
                rows.append((question, *chosen))
                break
    if any(wanted.values()):
        raise SystemExit(f"{kind.__name__}: only {len(rows)} of {count} pairs can be balanced")
    return rows


def conversation(question, chosen, rejected):
    return {
        "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}],
        "chosen": {"role": "assistant", "content": chosen},
        "rejected": {"role": "assistant", "content": rejected},
    }


def check(train, held_out):
    """Raises where the pairs break what the top of this file promises."""
    seen = {question for rows in train.values() for question, _, _ in rows}
    again = [row[0] for rows in held_out.values() for row in rows if row[0] in seen]
    assert not again, f"held-out questions are in training: {again[:3]}"
    for split in (train, held_out):
        questions = [question for rows in split.values() for question, _, _ in rows]
        assert len(questions) == len(set(questions)), "a question occurs twice"
        for name, rows in split.items():
            share = sum(len(x) > len(y) for _, x, y in rows) / len(rows)
            assert 0.45 <= share <= 0.55, f"{name}: the longer answer is right in {share:.0%}"
            assert all(x != y for _, x, y in rows), f"{name}: both answers are the same"


def files():
    """File name to text."""
    train = {kind.__name__: make(kind, learn, TRAIN) for kind in KINDS}
    held_out = {kind.__name__: make(kind, HELD, HELD_OUT) for kind in KINDS}
    check(train, held_out)
    result, info = {}, {}
    for name, split in (("train", train), ("heldout", held_out)):
        rows = [row for kind in split.values() for row in kind]
        random.Random(name).shuffle(rows)
        lines = [json.dumps(conversation(*row), ensure_ascii=False) for row in rows]
        result[f"{name}.json"] = "[\n" + ",\n".join(lines) + "\n]\n"
        info[f"graft_demo_{name}"] = {
            "file_name": f"{name}.json", "formatting": "sharegpt", "ranking": True,
            "columns": {"messages": "messages", "chosen": "chosen", "rejected": "rejected"},
            "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user",
                     "assistant_tag": "assistant", "system_tag": "system"},
        }
    result["dataset_info.json"] = json.dumps(info, indent=2) + "\n"
    return result


def main(arguments):
    checking = "--check" in arguments
    names = [argument for argument in arguments if argument != "--check"]
    out = pathlib.Path(names[0] if names else pathlib.Path(__file__).parent / "data")
    for name, text in files().items():
        path = out / name
        if not checking:
            out.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        elif not path.exists() or path.read_bytes() != text.encode():
            raise SystemExit(f"{path}: not what demo/make_pairs.py writes; run it again")


if __name__ == "__main__":
    main(sys.argv[1:])
