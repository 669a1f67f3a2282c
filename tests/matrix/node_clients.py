"""Node clients: kafkajs and @platformatic/kafka."""

from __future__ import annotations

import shutil

from tests.matrix.workplace import MATRIX_DIRECTORY, Workplace, executable, run

SOURCES = MATRIX_DIRECTORY / "node"


def check(name: str, *, workplace: Workplace) -> str:
    """Run the scenario of the client ``name``, a script below node/."""
    node, npm = executable("node"), executable("npm")
    folder = workplace.folder("node")
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    if not (folder / "node_modules").exists():
        run([npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"], cwd=folder)
    scenario = [workplace.bootstrap, workplace.topic(f"node-{name}"), *sorted(workplace.features)]
    return run([node, f"{name}.mjs", *scenario], cwd=folder, timeout_s=180)
