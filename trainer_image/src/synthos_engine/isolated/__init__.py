"""Parsers of formats whose libraries may crash, hang or ask for any amount of memory on a bad file.

Each call is a process of its own with a limit on memory and on time: `python -m synthos_engine.isolated`.
It writes one line of JSON (`rows`, `notes`) and then the rows as an Arrow stream. Nothing in here
imports the rest of the engine, so that a process starts in a fraction of a second.
"""
