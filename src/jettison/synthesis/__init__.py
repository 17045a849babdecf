"""How a fix is written, where the how is long or shared by several rules."""
