"""Words that every room speaks: references, sizes, spans, errors."""
