"""A server that greets."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def greet() -> str:
    return "hello\n"


if __name__ == "__main__":
    app.run("0.0.0.0", 8000)
