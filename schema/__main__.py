"""Prints the schema: `python -m schema > schema.graphql`."""

import sys

from schema.schema import SCHEMA

sys.stdout.write(SCHEMA.as_str() + "\n")
