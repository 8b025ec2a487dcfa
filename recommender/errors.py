"""The errors that callers should expect."""


class TooFewPapers(ValueError):
    """The catalogue is too small to learn from."""


class BrokenModel(ValueError):
    """A model folder is incomplete, damaged or of another format."""


class EncoderUnavailable(ValueError):
    """An encoder's files or packages are missing or unusable."""


class EngineUnavailable(ValueError):
    """What a training should run on is not installed, or does not answer."""
