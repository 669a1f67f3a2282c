"""Apache Kafka's jars with everything they need, fetched by Maven."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.matrix.workplace import executable, run

MODULE_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<parent><groupId>matrix</groupId><artifactId>matrix</artifactId><version>1</version></parent>
<artifactId>{name}</artifactId><dependencies>{dependencies}</dependencies></project>
"""
PARENT_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>matrix</groupId><artifactId>matrix</artifactId><version>1</version><packaging>pom</packaging>
<modules>{modules}</modules></project>
"""
DEPENDENCY = "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
# Clients warn on their output when there is no logger to write to.
NO_LOGGING = "org.slf4j:slf4j-nop:1.7.36"


def kafka_broker(version: str) -> list[str]:
    """The coordinates of the broker with its command-line tools."""
    return [f"org.apache.kafka:kafka_2.13:{version}", f"org.apache.kafka:kafka-tools:{version}"]


def kafka_clients(version: str) -> list[str]:
    return [f"org.apache.kafka:kafka-clients:{version}", NO_LOGGING]


def fetch(directory: Path, wanted: dict[str, Iterable[str]]) -> dict[str, Path]:
    """Fetch groups of coordinates ("GROUP:ARTIFACT:VERSION") with their dependencies, all by one run of Maven.

    ``wanted`` names each group; returns the directory of jars of each. What is already there is not fetched again.
    """
    folders = {name: directory / name / "jars" for name in wanted}
    missing = [name for name, folder in folders.items() if not any(folder.glob("*.jar"))]
    if missing:
        maven = executable("mvn")
        for name in missing:
            dependencies = "".join(DEPENDENCY.format(*coordinates.split(":")) for coordinates in wanted[name])
            (directory / name).mkdir(parents=True, exist_ok=True)
            (directory / name / "pom.xml").write_text(MODULE_POM.format(name=name, dependencies=dependencies))
        modules = "".join(f"<module>{name}</module>" for name in missing)
        (directory / "pom.xml").write_text(PARENT_POM.format(modules=modules))
        goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
        run([maven, "-q", "-B", "-T2", goal, "-DoutputDirectory=jars", "-DincludeScope=runtime"], cwd=directory)
    return folders
