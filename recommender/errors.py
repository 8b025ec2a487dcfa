"""What can go wrong here and is expected."""


class TooFewPapers(ValueError):
    """A catalogue too small to learn anything from."""


class BrokenModel(ValueError):
    """A model folder that is incomplete, damaged or of another format."""


class EncoderUnavailable(ValueError):
    """An encoder whose files or packages are missing, or are not those of an encoder."""
