"""What a typed interest wants and what it does not, however it is put; and what is no sentence is left alone."""

import gzip
import json
import random

import pytest

from recommender.features.name_index import Name
from recommender.features.sentences import MAX_READ, Sentence, read_sentence
from recommender.features.tokenizer import tokenize


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("papers on diffusion models but not video", ["diffusion models"], ["video"]),
        ("I like work about graph networks, except molecules", ["graph networks"], ["molecules"]),
        ("anything on graph networks for chemistry; no surveys", ["graph networks for chemistry"], ["surveys"]),
        ("I am interested in robots", ["robots"], []),
        ("I'm mostly interested in robots that cook", ["robots that cook"], []),
        ("I’d like to read more papers about robots, please!", ["robots"], []),
        ("Show me the latest articles on protein folding.", ["protein folding"], []),
        ("My interests are topology and knots", ["topology and knots"], []),
        ("looking for work on agents", ["agents"], []),
        ("papers on diffusion models without video", ["diffusion models"], ["video"]),
        ("speech recognition for children, not music", ["speech recognition for children"], ["music"]),
        ("graph networks; I don't like molecules", ["graph networks"], ["molecules"]),
        ("graph networks, but no papers about molecules please", ["graph networks"], ["molecules"]),
        ("I do not want papers on video. Show me papers about audio", ["audio"], ["video"]),
        ("nothing on video; papers about audio", ["audio"], ["video"]),
        ("no surveys, papers about audio", ["audio"], ["surveys"]),
        ("everything about topology other than knots", ["topology"], ["knots"]),
        ("interested in RL. No LLMs.", ["RL"], ["LLMs"]),
        ("speech - not music", ["speech"], ["music"]),
        ("papers about GANs (not StyleGAN)", ["GANs"], ["StyleGAN"]),
        ("3D reconstruction of faces (but no NeRF)", ["3D reconstruction of faces"], ["NeRF"]),
        ("models of speech and not of music", ["models of speech"], ["of music"]),
        ("I love physics and art; I hate video", ["physics and art"], ["video"]),
        ("I’d rather not see video. Papers on audio", ["audio"], ["video"]),
        ("Diffusion models. But not video.", ["Diffusion models"], ["video"]),
        ("recent advances in diffusion, no video please", ["recent advances in diffusion"], ["video"]),
        ("papers on cats but not dogs but birds", ["cats", "birds"], ["dogs"]),
        ("diffusion -video", ["diffusion"], ["video"]),
        ('diffusion -"video generation" models', ["diffusion models"], ['"video generation"']),
        ("image editing, except faces, hands or feet", ["image editing"], ["faces", "hands", "feet"]),
        ("papers on drones, but not war; also papers about maps", ["drones", "maps"], ["war"]),
        ("I like robots, cars and drones", ["robots", "cars", "drones"], []),
        ("I like robots, cars and drones, please", ["robots", "cars", "drones"], []),
        ("I like robots, cars and drones please, but not war", ["robots", "cars", "drones"], ["war"]),
        ("I like robots, cars, and drones", ["robots", "cars", "drones"], []),
        ("I like search and rescue", ["search and rescue"], []),
        ("I like cats; search and rescue", ["cats", "search and rescue"], []),
        ('I like cats, "search and rescue" and dogs', ["cats", '"search and rescue"', "dogs"], []),
        ("PAPERS ON Diffusion BUT NOT Video", ["Diffusion"], ["Video"]),
        ("  papers \n on diffusion   but not video ", ["diffusion"], ["video"]),
    ],
)  # fmt: skip
def test_a_sentence_says_what_is_wanted_and_what_is_not(text, wanted, unwanted):
    assert read_sentence(text) == Sentence(text, words=tuple(wanted), unwanted_words=tuple(unwanted))


@pytest.mark.parametrize(
    "text",
    [
        "diffusion models",
        "Learning without Forgetting",
        "No free lunch theorem",
        "Not all attention is all you need",
        "slow but steady",
        "mostly harmless",
        "anything but video",
        "non-negative matrix factorization",
        "state-of-the-art, zero-shot",
        "work in progress",
        "J. Smith vs. the machine",
        "Bilderkennung und -verarbeitung",
        "Bilderkennung, -verarbeitung und -analyse",
        "kuvantunnistus ja -käsittely",
        "Arbeiten über Diffusionsmodelle, aber nicht Video",
        "redes neuronales, no supervisadas",
        "réseaux de neurones, sauf la vidéo",
        "Hilfe in der Not",
        "Armut, Not und Elend",
        "aprendizaje automático; no supervisado",
        "拡散モデル、動画以外",
        "图神经网络，不要综述",
        "диффузионные модели, но не видео",
        "نماذج الانتشار",
        "temperatures of -5 degrees",
        "video generation - a survey",
    ],
)
def test_what_is_no_sentence_is_left_as_it_is_written(text):
    assert read_sentence(text) == Sentence.plain(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "but not", "papers on", "except video", "no war", "-video", "papers on video but not", '"', "“", ";;;"],
)  # fmt: skip
def test_what_wants_nothing_is_read_as_plain_words(text):
    assert not read_sentence(text).unwanted_words
    assert tokenize(" ".join(read_sentence(text).words)) in (tokenize(text), ["video"])


def test_nothing_is_read_inside_quotation_marks():
    read = read_sentence('papers on "learning without forgetting" but not “all, but not video”')
    assert read.words == ('"learning without forgetting"',)
    assert read.unwanted_words == ("“all, but not video”",)


def test_a_word_that_is_wanted_is_never_unwanted_too():
    assert read_sentence("papers on video diffusion but not medical video diffusion").unwanted_words == ("medical",)
    assert read_sentence("papers on robots but not a robot").unwanted_words == ()


def test_names_are_names_also_in_a_sentence():
    assert read_sentence("author:Smith but not vision") == Sentence.plain("author:Smith but not vision")
    read = read_sentence("papers by author:Jane Doe, but not category:cs.CV")
    assert (read.words, read.names, read.unwanted_names) == (
        (), (Name("author", "Jane Doe"),), (Name("category", "cs.CV"),)
    )  # fmt: skip
    read = read_sentence('papers on robots, author:"Doe, Jane", no author:John Smith; nothing about war')
    assert (read.words, read.names) == (("robots",), (Name("author", "Doe, Jane"),))
    assert (read.unwanted_words, read.unwanted_names) == (("war",), (Name("author", "John Smith"),))


WORDS = (
    "but not papers on no except without I like don't nothing -x ; , . video graphs author: é 例 \u0301 İ \" “ ” \ue000"
)


def test_no_text_breaks_the_reading():
    made = random.Random(0)
    for _ in range(3_000):
        text = " ".join(made.choices(WORDS.split(), k=made.randrange(40)))
        read = read_sentence(text)
        assert read.words or read.names
        words = set(tokenize(text.replace('"', " ").replace("\ue000", " ")))
        assert set(tokenize(" ".join(read.words).replace("\ue000", " "))) <= words | set(tokenize(text))
        assert read == read_sentence(text)


def test_nested_and_endless_sentences_are_read_to_a_bound():
    assert read_sentence("but not " * 100 + "x").words == ("but not " * 100 + "x",)
    nested = "papers on graphs but not " * 50 + "video"
    assert read_sentence(nested).words == ("graphs",)
    assert len(nested) <= MAX_READ
    longer = nested + " and more" * 200
    assert read_sentence(longer) == Sentence.plain(longer)


def test_titles_of_real_papers_are_no_sentences(shared):
    with gzip.open(shared / "data/hf-papers/papers.jsonl.gz", "rt", encoding="utf-8") as lines:
        titles = [json.loads(line)["title"] for line in lines]
    read = [title for title in titles if read_sentence(title) != Sentence.plain(title)]
    assert len(read) <= len(titles) // 500, read
