"""Names of authors in their parts."""

from __future__ import annotations

import pytest

from server.services.person_names import PersonName, is_collective, names_of, split_name


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Lovelace", PersonName("Lovelace", "Ada")),
        ("Plato", PersonName("Plato")),
        ("Ludwig van Beethoven", PersonName("Beethoven", "Ludwig", "van")),
        ("Benjamin Van Durme", PersonName("Durme", "Benjamin Van")),
        ("Jean-François d'Alembert", PersonName("d'Alembert", "Jean-François")),
        ("bell hooks", PersonName("hooks", "", "bell")),
        ("Sammy Davis Jr.", PersonName("Davis", "Sammy", "", "Jr.")),
        ("Sammy Davis, Jr.", PersonName("Davis", "Sammy", "", "Jr.")),
        ("Henry Adams III", PersonName("Adams", "Henry", "", "III")),
        ("van der Maaten, Laurens", PersonName("Maaten", "Laurens", "van der")),
        ("Gemma Team", PersonName("Gemma Team")),
        ("Ai Weiwei", PersonName("Weiwei", "Ai")),
    ],
)
def test_a_name_is_taken_apart_as_a_bibliography_does(name: str, parts: PersonName) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize(
    "name", ["Smith and Jones", "OpenAI et al.", "University of X", "a, b, c", ",", "Smith,", "others"]
)
def test_what_is_no_single_person_stays_in_one_piece(name: str) -> None:
    assert is_collective(name)
    assert split_name(name) == PersonName(name)


def test_a_listings_colon_is_no_author() -> None:
    assert names_of({"authors": ["DeepSeek-AI", ":", " Xiao \n Bi ", ""]}) == ["DeepSeek-AI", "Xiao Bi"]
