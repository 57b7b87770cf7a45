"""How many inputs each fuzz test tries, and that they are the same ones every time."""

import os

from hypothesis import HealthCheck, settings

VARIABLE = "LPR_GFPGAN_FUZZ"

settings.register_profile(
    "study",
    max_examples=int(os.environ.get(VARIABLE, "60")),
    derandomize=True,
    deadline=None,  # a busy machine is no defect
    suppress_health_check=list(HealthCheck),
    database=None,
)
settings.load_profile("study")
