"""Faces on paper: a document in, text or Markdown out; nothing is computed here."""
