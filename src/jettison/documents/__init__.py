"""What works hand to faces: plain JSON documents, and the schemas that hold them to their form."""
