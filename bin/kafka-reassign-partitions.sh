#!/bin/sh
# A command of minikafka; which one is told by the name of this file. It runs from the src folder of a checkout where
# there is one, else from the installed package. PYTHON may name another Python.
home=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
if [ -d "$home/src/minikafka" ]; then
    PYTHONPATH="$home/src${PYTHONPATH:+:$PYTHONPATH}"
    export PYTHONPATH
fi
MINIKAFKA_HOME=$home
export MINIKAFKA_HOME
exec "${PYTHON:-python3}" -m minikafka "$(basename -- "$0" .sh)" "$@"
