"""Generates the demo's papers: titles, abstracts and authors from a small grammar and a seed."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from pathlib import Path

DAY = 86400.0
# No real paper has such an id: its month is November 2099.
ID_PREFIX = "9911"

_TITLES = (
    "{Name}: {Method} for {Goal}",
    "A Second Look at {Method} for {Goal}",
    "Rethinking {Thing} in {Goal}",
    "{Name}: Learning {Thing} with {Method}",
    "Towards Reliable {Goal} with {Method}",
    "What Is Lost in {Thing}? Lessons for {Goal}",
    "Scaling {Method} to {Thing}",
    "{Name}-Bench: Measuring {Goal} beyond {Thing}",
    "On the Limits of {Method} for {Goal}",
    "From {Thing} to {Goal}: A Practical Recipe",
)
_OPENINGS = (
    "Progress in {goal} has come from larger models, while less attention has gone to {thing}.",
    "We study {thing}, which work on {goal} usually takes as given.",
    "Much is expected of {method} in {goal}, but how this fares on {thing} is poorly understood.",
    "Despite recent advances, systems for {goal} remain brittle where they meet {thing}.",
)
_PROPOSALS = (
    "We present {name}, which brings {method} to {thing} and needs no change to the underlying model.",
    "We introduce {name}, a simple approach that combines {method} with {method2}.",
    "This paper proposes {name}, which puts {method} to work on {thing} in one joint objective.",
    "We release {name}, an open implementation of {method} for {goal}.",
)
_RESULTS = (
    "On {data}, {name} improves over the strongest baseline by {p}% while using {x} times less compute.",
    "Evaluated on {data}, it halves the error of earlier work and is {x} times faster.",
    "Experiments on {data} show gains of up to {p}%, which hold across {n} seeds and model sizes.",
    "Across {n} tasks drawn from {data}, it is the first method to be reliably better than {method2}.",
)
_CLOSINGS = (
    "We discuss where the approach fails, and release code and models.",
    "An ablation shows that most of the gain is due to {method}.",
    "The findings suggest looking more closely at {thing} in future work on {goal}.",
    "Code, data and all {n} trained checkpoints are available.",
)
_GIVEN = "Amara Bao Carmen Dmitri Elena Farid Greta Hiro Ines Jonas Kavya Lucia Mateus Nadia Omar Petra Quentin Rosa"
_FAMILY = "Adeyemi Bergström Castillo Dubois Eriksen Fischer Guo Haddad Ivanova Jansen Kowalski Lindqvist Mori Nakamura"
_MORE_GIVEN = "Sanjay Tomoko Ulrich Valeria Wei Ximena Yusuf Zofia"
_MORE_FAMILY = "Okafor Papadakis Quispe Rahman Silva Tanaka Ueda Varga Weber Xu Yamada Zhang"
_ORGANIZATIONS = (
    "Northlight Institute",
    "Harbour Lab",
    "Universidad del Valle Alto",
    "Meridian Research",
    "Lakeside Polytechnic",
    "Open Loom Collective",
)
_SYLLABLES = (
    "bri",
    "cor",
    "del",
    "fen",
    "gal",
    "hel",
    "ka",
    "lum",
    "mar",
    "nor",
    "ora",
    "pel",
    "qui",
    "ras",
    "sol",
    "tal",
)
_ENDINGS = ("a", "en", "ia", "io", "is", "on", "um", "yx")
_SMALL = {"a", "and", "for", "from", "in", "of", "on", "over", "the", "to", "with"}


@dataclass(frozen=True)
class Topic:
    """A field of research and its vocabulary."""

    name: str
    categories: list[str]
    things: list[str]
    methods: list[str]
    goals: list[str]
    data: list[str]
    facts: list[str]


@dataclass(frozen=True)
class DemoPaper:
    """An invented paper; `published_at` in epoch seconds."""

    id: str
    topic: str
    title: str
    abstract: str
    authors: list[str]
    categories: list[str]
    organization: str
    published_at: float
    upvotes: int


def read_topics() -> list[Topic]:
    """Return the topics of topics.toml, beside this file."""
    text = (Path(__file__).parent / "topics.toml").read_text(encoding="utf-8")
    return [Topic(name=name, **words) for name, words in tomllib.loads(text).items()]


def generate_papers(count: int, *, seed: int, newest: float, days: int) -> list[DemoPaper]:
    """Return `count` papers, newest first, spread over `days` days before `newest` (epoch seconds)."""
    chance = random.Random(seed)
    topics = read_topics()
    papers = []
    titles: set[str] = set()
    for number in range(count):
        published = newest - days * DAY * number / count - chance.random() * DAY / 2
        paper = _write(chance, topics[chance.randrange(len(topics))], number, published)
        while paper.title in titles:
            paper = _write(chance, topics[chance.randrange(len(topics))], number, published)
        titles.add(paper.title)
        papers.append(paper)
    return papers


def _write(chance: random.Random, topic: Topic, number: int, published: float) -> DemoPaper:
    slots = _slots(chance, topic)
    sentences = [chance.choice(_OPENINGS), *chance.sample(topic.facts, 2), chance.choice(_PROPOSALS)]
    sentences += [chance.choice(_RESULTS), chance.choice(_CLOSINGS)]
    abstract = " ".join(_capital(sentence.format(**slots)) for sentence in sentences)
    return DemoPaper(
        id=f"{ID_PREFIX}.{number + 1:05d}",
        topic=topic.name,
        title=chance.choice(_TITLES).format(**slots),
        abstract=abstract,
        authors=_authors(chance),
        categories=topic.categories,
        organization=chance.choice(_ORGANIZATIONS),
        published_at=published,
        upvotes=int(chance.paretovariate(1.1) * 3) % 400,
    )


def _slots(chance: random.Random, topic: Topic) -> dict[str, str]:
    method, method2 = chance.sample(topic.methods, 2)
    plain = {
        "name": _invent_name(chance),
        "method": method,
        "method2": method2,
        "thing": chance.choice(topic.things),
        "goal": chance.choice(topic.goals),
        "data": chance.choice(topic.data),
        "n": str(chance.randint(3, 24)),
        "p": f"{chance.uniform(2, 31):.1f}",
        "x": f"{chance.uniform(1.5, 9):.1f}",
    }
    return {**plain, **{name.capitalize(): _as_title(text) for name, text in plain.items()}}


def _invent_name(chance: random.Random) -> str:
    return "".join(chance.sample(_SYLLABLES, 2)).capitalize() + chance.choice(_ENDINGS)


def _as_title(text: str) -> str:
    words = text.split()
    return " ".join(word if word in _SMALL and place else _capital(word) for place, word in enumerate(words))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _authors(chance: random.Random) -> list[str]:
    given, family = f"{_GIVEN} {_MORE_GIVEN}".split(), f"{_FAMILY} {_MORE_FAMILY}".split()
    return [f"{chance.choice(given)} {chance.choice(family)}" for _ in range(chance.randint(2, 7))]
