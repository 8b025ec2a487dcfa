"""An invented vocabulary with English function words: as many words, of such frequencies, as real abstracts have."""

from __future__ import annotations

from functools import cache

import numpy as np

# The share of each among all words of 753 real abstracts, in thousandths; a third of a text are such words.
_FUNCTION_WORDS = """
the 38 of 30 and 29 a 24 to 23 in 18 we 15 for 12 that 12 on 10 is 9 with 9 this 8 our 7 by 7 from 6 as 6 are 5 an 5
can 4 which 4 be 4 it 3 these 3 at 3 or 2 using 2 their 2 its 2 not 2 such 2 have 2 has 2 more 2 both 2 between 1 into 1
however 1 also 1 while 1 than 1 each 1 other 1 most 1 only 1 then 1 over 1 through 1 one 1 they 1 some 1 without 1 may 1
"""
CONNECTORS = ("for", "with", "in", "via", "by", "from", "on", "under", "beyond", "over", "without", "through")
CONTENT_WORDS = 1 << 18  # more than a million papers of this kind would use in earnest: the last ones are rare
_CONSONANTS, _VOWELS, _ENDS = "bdfgklmnprtvz", "aeiou", "nrltmkdxpg"


def zipf(chance: np.ndarray, size: int, exponent: float, offset: float) -> np.ndarray:
    """Return ranks from 0 to `size` of frequency (rank + offset)^-exponent, for uniform numbers of [0, 1): int32.

    The law of Zipf as Mandelbrot (1953) corrected it, by the inverse of its continuous distribution.
    """
    power = 1.0 - exponent
    low, high = offset**power, (offset + size) ** power
    ranks = (low + chance * (high - low)) ** (1.0 / power) - offset
    return np.minimum(ranks.astype(np.int32), size - 1)


@cache
def function_words() -> tuple[list[str], np.ndarray]:
    """Return the function words and their cumulative shares of such words."""
    parts = _FUNCTION_WORDS.split()
    weights = np.array([float(weight) for weight in parts[1::2]])
    return parts[::2], np.cumsum(weights / weights.sum())


@cache
def vocabulary() -> np.ndarray:
    """Return the words by their number, as objects: the function words, then the content words by frequency."""
    return np.array([*function_words()[0], *(_content_word(rank) for rank in range(CONTENT_WORDS))], object)


def _content_word(rank: int) -> str:
    """Return an invented word: each rank has its own, frequent ones are shorter."""
    syllables, words = (2, 1 << 11) if rank < 1 << 11 else (3, CONTENT_WORDS)
    number, letters = (rank * 40_503 + 17) % words, []  # an odd factor: every number once
    for _ in range(syllables):
        number, consonant = divmod(number, len(_CONSONANTS))
        number, vowel = divmod(number, len(_VOWELS))
        letters.append(_CONSONANTS[consonant] + _VOWELS[vowel])
    return "".join(letters) + _ENDS[rank * 7 % len(_ENDS)]
