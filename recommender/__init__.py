"""Rank papers: arrays and tables of text in, arrays out."""

from recommender.config import Config
from recommender.data.tables import Events, Papers
from recommender.errors import BrokenModel, TooFewPapers
from recommender.model.blend import Blend, ComponentWeight
from recommender.model.model import Model
from recommender.ranking.catalogue import Catalogue
from recommender.ranking.error_memory import Corrections, ErrorMemory
from recommender.ranking.explanations import Reason
from recommender.ranking.overlay import Overlay
from recommender.ranking.ranked_list import RankedList, explain_together
from recommender.ranking.reader_state import ReaderState
from recommender.ranking.scoring import CatalogueScores
from recommender.training.train import train

__all__ = [
    "Blend",
    "BrokenModel",
    "Catalogue",
    "CatalogueScores",
    "ComponentWeight",
    "Config",
    "Corrections",
    "ErrorMemory",
    "Events",
    "Model",
    "Overlay",
    "Papers",
    "RankedList",
    "ReaderState",
    "Reason",
    "TooFewPapers",
    "explain_together",
    "train",
]
