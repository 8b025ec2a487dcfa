"""Papers that one reader alone knows of, over the catalogue that all readers share."""

from __future__ import annotations

from collections.abc import Collection

from recommender.data.tables import Papers
from recommender.ranking.catalogue import Catalogue
from recommender.ranking.paper_index import PaperBlock, PaperIndex, merge_blocks


class Overlay:
    """One reader's own papers, folded in once and laid over the shared catalogue, which does not change.

    Valid as long as the catalogue folds papers into the same space (`is_valid_for`); after that a new one must be made.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._space = catalogue.space
        self._block: PaperBlock | None = None
        self._applied: tuple[PaperIndex, PaperBlock, Catalogue] | None = None
        # Without a model the vocabulary is learned from the papers at hand, so the reader's own go into a copy of them.
        self._copy = None if catalogue.model else catalogue.copy()

    def is_valid_for(self, catalogue: Catalogue) -> bool:
        """Return whether `catalogue` still folds papers into the space this overlay was made for."""
        return self._space is catalogue.space

    def update(self, catalogue: Catalogue, papers: Papers) -> None:
        """Add papers, or replace those with the same id; the overlay must be valid for `catalogue`."""
        if self._copy is not None:
            self._copy.update(papers)
        elif len(papers):
            block = catalogue.fold_in(papers)
            self._block = merge_blocks(self._block, block) if self._block else block

    def remove(self, ids: Collection[str]) -> bool:
        """Remove papers; False where they cannot be removed, so that a new overlay must be made and filled."""
        if self._block:
            self._block = self._block.without(ids)
        return self._copy is None

    def apply_to(self, catalogue: Catalogue) -> Catalogue:
        """Return `catalogue`, which the overlay must be valid for, with the reader's papers on top."""
        if self._copy is not None:
            return self._copy
        if self._block is None or not len(self._block):
            return catalogue
        index, block = catalogue.index, self._block
        if self._applied is None or self._applied[0] is not index or self._applied[1] is not block:
            self._applied = (index, block, catalogue.with_block(block))
        return self._applied[2]
