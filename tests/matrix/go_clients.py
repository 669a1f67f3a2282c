"""Go clients: sarama, franz-go and segmentio/kafka-go."""

from __future__ import annotations

import subprocess

from tests.matrix.workplace import MATRIX_DIRECTORY, CannotRunHere, Workplace, executable, run

MODULE = MATRIX_DIRECTORY / "go"
OLDEST_GO = (1, 26)


def check(name: str, *, workplace: Workplace) -> str:
    """Build and run the scenario of the client ``name``, a folder below go/cmd."""
    go = executable("go")
    # The toolchain at hand, never one that is fetched: franz-go asks for a recent one.
    local = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    asked = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(map(int, asked.removeprefix("go").split(".")[:2])) < OLDEST_GO:
        raise CannotRunHere(f"Go {OLDEST_GO[0]}.{OLDEST_GO[1]} or newer is needed, here is {asked}")
    program = workplace.folder("go") / name
    run([go, "build", "-o", program, f"./cmd/{name}"], cwd=MODULE, environment=local)
    return run(
        [program, workplace.bootstrap, workplace.topic(f"go-{name}"), *sorted(workplace.features)], timeout_s=180
    )
