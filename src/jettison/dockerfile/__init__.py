"""Dockerfiles as text: parsed without loss, edited without touching what need not be."""
