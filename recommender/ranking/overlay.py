"""Papers that one reader alone knows of, over the catalogue that all share."""

from __future__ import annotations

from collections.abc import Collection

from recommender.data.tables import Papers
from recommender.ranking.catalogue import Catalogue
from recommender.ranking.paper_index import PaperBlock, merge_blocks


class Overlay:
    """One reader's own papers, placed once and laid over the shared catalogue, which stays as it is.

    It serves as long as the catalogue places papers as it did (`fits`); then another has to be made and filled.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._ground = catalogue.ground
        self._block: PaperBlock | None = None
        # Without a model the words are learned from the papers there are: the reader's own have a say in their copy.
        self._copy = None if catalogue.model else catalogue.copy()

    def fits(self, catalogue: Catalogue) -> bool:
        """Whether `catalogue` still places papers as it did when this was made."""
        return self._ground is catalogue.ground

    def update(self, catalogue: Catalogue, papers: Papers) -> None:
        """Add papers, or replace those with the same id; `catalogue` is one that this fits."""
        if self._copy is not None:
            self._copy.update(papers)
        elif len(papers):
            placed = catalogue.placed(papers)
            self._block = merge_blocks(self._block, placed) if self._block else placed

    def forget(self, ids: Collection[str]) -> bool:
        """Leave these papers out; False where that needs another overlay, made and filled anew."""
        if self._block:
            self._block = self._block.without(ids)
        return self._copy is None

    def over(self, catalogue: Catalogue) -> Catalogue:
        """Return `catalogue`, one that this fits, with the reader's papers on top."""
        if self._copy is not None:
            return self._copy
        return catalogue.with_block(self._block) if self._block else catalogue
