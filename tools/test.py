"""Runs the tests in two processes side by side, which together run each test once.

Each part draws and trains its own tiny study, since it has an output folder of its own. The parts
are cut so that they take about as long on two processors; what is named in no part is in the last.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

FIRST = ("tests/evaluation", "tests/docs", "tests/cli", "tests/trust")
"""The folders of the first part; the second leaves them out."""


def commands(arguments: list[str]) -> list[list[str]]:
    """The parts' command lines, both with the given options of pytest."""
    pytest = [sys.executable, "-m", "pytest", *arguments]
    return [[*pytest, *FIRST], [*pytest, *(f"--ignore={folder}" for folder in FIRST)]]


def main() -> int:
    """Runs both parts; shows the first one's output after the second's.

    Returns:
        The first exit code that is not 0.
    """
    first, second = commands(sys.argv[1:])
    # Two processes on two processors: threads of their own would only wait for each other.
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    with tempfile.TemporaryFile() as output:
        other = subprocess.Popen(
            first, stdout=output, stderr=subprocess.STDOUT, env=environment, close_fds=True
        )
        try:
            code = subprocess.run(second, env=environment, check=False).returncode
            codes = [other.wait(), code]
        finally:
            other.kill()
        output.seek(0)
        print(f"\n{' '.join(FIRST)}:", flush=True)
        sys.stdout.buffer.write(output.read())
    return next((each for each in codes if each), 0)


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[1])
    sys.exit(main())
