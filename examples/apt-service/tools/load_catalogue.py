"""Loads the catalogue into a database."""

import csv
import sqlite3
import sys

with open(sys.argv[1], newline="") as stream, sqlite3.connect(sys.argv[2]) as database:
    database.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price REAL)")
    database.executemany("INSERT INTO item VALUES (?, ?, ?)", csv.reader(stream))
