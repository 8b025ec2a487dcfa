"""Ranks papers: arrays and tables of text in, arrays out."""

from recommender.catalogue import Catalogue
from recommender.config import Config
from recommender.data.tables import Events, Papers
from recommender.errors import BrokenModel, TooFewPapers
from recommender.model.blend import Blend, PartWeight
from recommender.model.model import Model
from recommender.overlay import Overlay
from recommender.ranked import Ranked
from recommender.reasons import Reason
from recommender.scoring import Scored
from recommender.training import train

__all__ = [
    "Blend",
    "BrokenModel",
    "Catalogue",
    "Config",
    "Events",
    "Model",
    "Overlay",
    "Papers",
    "PartWeight",
    "Ranked",
    "Reason",
    "Scored",
    "TooFewPapers",
    "train",
]
