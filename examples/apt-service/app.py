"""A small shop catalogue: pages, a database, files that it writes, and a call over TLS."""

import os
import sqlite3
import ssl
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy
from flask import Flask, jsonify, render_template
from waitress import serve

HERE = os.path.dirname(os.path.abspath(__file__))
SUPPLIER = 8443
app = Flask(__name__)


class Supplier(BaseHTTPRequestHandler):
    """Stands for the service that a real shop would call over TLS."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"in stock")

    def log_message(self, *arguments):
        pass


def serve_supplier():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{HERE}/certs/supplier.crt", f"{HERE}/certs/supplier.key")
    server = HTTPServer(("127.0.0.1", SUPPLIER), Supplier)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def rows(query):
    with sqlite3.connect(f"file:{HERE}/catalogue.db?mode=ro", uri=True) as database:
        return database.execute(query).fetchall()


@app.get("/")
def home():
    return render_template("home.html", greeting=os.environ["GREETING"])


@app.get("/health")
def health():
    return "ok"


@app.get("/catalogue")
def catalogue():
    return jsonify(rows("SELECT name, price FROM item ORDER BY name LIMIT 20"))


@app.get("/statistics")
def statistics():
    prices = numpy.array([price for (price,) in rows("SELECT price FROM item")])
    return jsonify(items=len(prices), mean=round(float(prices.mean()), 2), deviation=round(float(prices.std()), 2))


@app.get("/visits")
def visits():
    path = f"{HERE}/data/visits"
    count = 1
    if os.path.exists(path):
        with open(path) as stream:
            count += int(stream.read())
    with open(path, "w") as stream:
        stream.write(str(count))
    return jsonify(visits=count)


@app.get("/supplier")
def supplier():
    with urllib.request.urlopen(f"https://localhost:{SUPPLIER}/", timeout=5) as answer:
        return answer.read()


if __name__ == "__main__":
    serve_supplier()
    serve(app, listen="0.0.0.0:8000", threads=4)
