"""Errors a user can mend: each message is one line that names the input and what to do about it."""


class LprError(ValueError):
    """Base of every error this package raises on bad input; the command line prints it alone."""


class ConfigError(LprError):
    """A setting in params.yaml is unknown, missing, of the wrong type or out of range."""


class ImageError(LprError):
    """An image is missing, unreadable, no image at all, or too large."""


class LabelError(LprError):
    """A plate text, a file name or a label table does not follow its format."""


class DataError(LprError):
    """A data set is missing, empty, incomplete or does not match its manifest."""


class WeightsError(LprError):
    """A weights file is missing, damaged, of another kind or of another shape."""


class CheckpointError(LprError):
    """A training checkpoint is damaged or belongs to another run."""


class ExportError(LprError):
    """Networks cannot be exported here, or the exported ones do not give the same results."""
