"""Which ways of writing a name are the same, and which papers have it."""

import numpy as np
import pytest

from recommender import Papers
from recommender.features.metadata import paper_names
from recommender.features.name_index import Name, NameIndex, is_same_author, name_key, read_name, split_topics


def papers_of(*authors, name, kind="author"):
    return NameIndex.build([[f"{kind}:{author}"] for author in authors]).find(Name(kind, name)).tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("John Smith", "JOHN  SMITH"),
        ("John Smith", "Smith, John"),
        ("John Smith", "J. Smith"),
        ("John Smith", "John A. Smith"),
        ("John Smith", "J.A. Smith"),
        ("John Albert Smith", "John A. Smith"),
        ("John Smith Jr.", "John Smith"),
        ("Smith, Jr.", "Smith"),
        ("Ludwig van Beethoven", "Beethoven, Ludwig van"),
        ("Johannes van der Waals", "Johannes D. van der Waals"),
        ("Jean-Pierre Serre", "J.-P. Serre"),
        ("Xiao-Ming Li", "Xiaoming Li"),
        ("Paul Erdős", "Paul Erdo\u030bs"),
        ("Paul Erdős", r"Paul Erd\H{o}s"),
        ("Søren Łukasz Åström", "Soren Lukasz Astrom"),
        ("Conan O’Brien", "Conan O'Brien"),
        ("\uff2a\uff4f\uff48\uff4e Smith", "John Smith"),
        ("Straße", "STRASSE"),
        ("王伟", "王伟"),
        ("Иван Иванов", "И. ИВАНОВ"),
        ("Γιώργος Παπαδόπουλος", "ΓΙΩΡΓΟΣ ΠΑΠΑΔΟΠΟΥΛΟΣ"),
        ("DeepSeek-AI", "deepseek ai"),
    ],
)  # fmt: skip
def test_one_author_written_in_two_ways(one, other):
    assert papers_of(one, "Somebody Else", name=other) == [0]
    assert papers_of(other, "Somebody Else", name=one) == [0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("John Smith", "Jane Smith"),
        ("John Smith", "John Smithson"),
        ("John A. Smith", "John B. Smith"),
        ("John Smith", "Smith"),
        ("John Smith", "A. J. Smith"),
        ("Wei Li", "Li Wei"),
        ("王伟", "王芳"),
        ("Johnson Smith", "John Smith"),
        ("John Smith", "John"),
    ],
)
def test_two_authors_are_not_one(one, other):
    assert papers_of(one, name=other) == []
    assert papers_of(other, name=one) == []


def test_an_initial_is_taken_for_every_name_that_begins_with_it():
    assert papers_of("John Smith", "Jane Smith", "Adam Smith", name="J. Smith") == [0, 1]
    assert is_same_author(["smith"], ["smith"])
    assert not is_same_author([], ["smith"])


def test_a_category_has_its_parts_and_an_organisation_only_its_whole_name():
    assert papers_of("cs.LG", "CS.CL", "math.CT", "csx.A", name="cs", kind="category") == [0, 1]
    assert papers_of("cs.LG", "cs.CL", name=" cs.lg ", kind="category") == [0]
    organizations = ("Google DeepMind", "google  deepmind", "Google", "Université de Montréal")
    assert papers_of(*organizations, name="Google DeepMind", kind="organization") == [0, 1]
    assert papers_of(*organizations, name="Universite de Montreal", kind="organization") == [3]


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("author:Ada Lovelace", Name("author", "Ada Lovelace")),
        (" Author : Ada \n Lovelace ", Name("author", "Ada Lovelace")),
        ("category:cs.LG", Name("category", "cs.LG")),
        ("ORG:Some Lab", Name("organization", "Some Lab")),
        ("author:", Name("author", "")),
        ("authors: who", None),
        ("reinforcement learning: theory", None),
        ("", None),
    ],
)
def test_a_topic_is_a_name_only_after_its_prefix(topic, name):
    assert read_name(topic) == name


def test_words_and_names_are_told_apart():
    assert split_topics(["graphs", "author:A B", "robots"]) == (["graphs", "robots"], [Name("author", "A B")])


@pytest.mark.parametrize("name", ["", "...", "\u200b", "'"])
def test_a_name_without_a_letter_is_nobodys(name):
    index = NameIndex.build([[f"author:{name}", "author:"], ["author:Ada Lovelace"]])
    assert name_key(f"author:{name}") == ""
    assert index.find(Name("author", name)).tolist() == []


def test_names_of_papers_are_found_by_kind():
    rows = [{"id": "a", "authors": ["Lab"]}, {"id": "b", "organization": "Lab"}, {"id": "c", "categories": ["Lab"]}]
    index = NameIndex.build(paper_names(Papers.from_rows(rows)))
    assert [index.find(Name(kind, "LAB")).tolist() for kind in ("author", "organization", "category")] == [
        [0],
        [1],
        [2],
    ]


def test_a_name_is_looked_up_once_and_a_great_many_are_not_kept():
    index = NameIndex.build([[f"author:A{at} Smith"] for at in range(50)])
    assert index.find(Name("author", "A7 Smith")) is index.find(Name("author", "a7 SMITH"))
    for at in range(5000):
        index.find(Name("author", f"Nobody Number{at}"))
    assert len(index._found) < 5000
    assert index.find(Name("author", "A8 Smith")).dtype == np.int64
