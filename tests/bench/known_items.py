"""Queries that ask for one known paper, made from its text by stated rules; pure but for the seed.

title       four words of the title, in any order
abstract    six words of the abstract that the title does not have
author      the name of one of the authors, drawn by chance
both        an author's last name and two words of the title
paraphrase  the title and the first two sentences, said otherwise: `SYNONYMS` replaced, half of the other words left out
            and half of what stays in another form of the same word (another word of the papers with the same
            first six letters), at most ten, in any order
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
SENTENCE = re.compile(r"(?<=[.!?])\s+")
STEM = 6  # letters that two forms of a word have in common
_STOP = """
a an and are as at based be both by can for from has have how however in into is it its more not of on or our such than
that the their these this to using via was we what when where which while with without
"""
STOP = frozenset(_STOP.split())
SYNONYMS: Mapping[str, str] = {
    **{"image": "picture", "images": "pictures", "video": "film", "videos": "films", "language": "linguistic"},
    **{"model": "network", "models": "networks", "method": "technique", "methods": "techniques", "novel": "new"},
    **{"large": "big", "efficient": "fast", "generate": "synthesize", "generation": "synthesis", "dataset": "corpus"},
    **{"datasets": "corpora", "data": "examples", "performance": "quality", "training": "learning", "task": "problem"},
    **{
        "tasks": "problems",
        "framework": "system",
        "approach": "strategy",
        "propose": "present",
        "introduce": "present",
    },
    **{
        "demonstrate": "show",
        "text": "sentences",
        "prompt": "instruction",
        "prompts": "instructions",
        "speech": "voice",
    },
    **{"robust": "reliable", "evaluate": "assess", "evaluation": "assessment", "benchmark": "test", "human": "people"},
    **{"accelerate": "speed", "inference": "decoding", "reasoning": "thinking", "llms": "chatbots", "llm": "chatbot"},
    **{"humans": "persons", "agent": "assistant", "agents": "assistants", "scene": "environment", "object": "thing"},
    **{"objects": "things", "motion": "movement", "quality": "fidelity", "enhance": "improve", "significantly": "much"},
}


def content(text: str) -> list[str]:
    """Return the different words of a text but the commonest of the language."""
    found = [word for word in WORD.findall(text) if word.lower() not in STOP and len(word) > 1]
    return list(dict.fromkeys(found))


def queries(papers: Sequence[Mapping[str, Any]], seed: int) -> dict[str, list[tuple[str, str]]]:
    """Return kind -> (query, paper) for each paper."""
    chance = random.Random(seed)
    forms = _forms(papers)
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for paper in papers:
        title = content(paper["title"])
        rest = [word for word in content(paper["abstract"]) if word.lower() not in {one.lower() for one in title}]
        author = chance.choice(paper["authors"])
        made = {
            "title": " ".join(_draw(title, 4, chance)),
            "abstract": " ".join(_draw(rest, 6, chance)),
            "author": author,
            "both": " ".join([author.split()[-1], *_draw(title, 2, chance)]),
            "paraphrase": _paraphrase(paper, forms, chance),
        }
        for kind, query in made.items():
            found[kind].append((query, paper["id"]))
    return found


def _draw(words: Sequence[str], most: int, chance: random.Random) -> list[str]:
    return chance.sample(list(words), min(most, len(words)))


def _forms(papers: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    forms: dict[str, set[str]] = defaultdict(set)
    for paper in papers:
        for word in WORD.findall(f"{paper['title']} {paper['abstract']}".lower()):
            if len(word) > STEM and word.isalpha():
                forms[word[:STEM]].add(word)
    return {stem: sorted(words) for stem, words in forms.items()}


def _paraphrase(paper: Mapping[str, Any], forms: Mapping[str, Sequence[str]], chance: random.Random) -> str:
    sentences = SENTENCE.split(paper["abstract"])[:2]
    words = [word.lower() for word in content(" ".join([paper["title"], *sentences]))]
    said = []
    for word in words:
        if word in SYNONYMS:
            said.append(SYNONYMS[word])
        elif chance.random() < 0.5:
            others = [one for one in forms.get(word[:STEM], ()) if one != word]
            said.append(chance.choice(others) if others and chance.random() < 0.5 else word)
    return " ".join(_draw(list(dict.fromkeys(said)), 10, chance))
