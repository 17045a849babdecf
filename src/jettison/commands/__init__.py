"""What a RUN runs, as data: programs with their words, what is in force where they stand, and what they leave behind.

Text alone is read, nothing is executed. Where the text does not tell, the answer is None, never a guess.
"""
