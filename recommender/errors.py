"""What can go wrong here and is expected."""


class TooFewPapers(ValueError):
    """A catalogue too small to learn anything from."""


class BrokenModel(ValueError):
    """A model folder that is incomplete, damaged or of another format."""
