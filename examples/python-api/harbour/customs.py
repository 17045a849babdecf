"""The customs office that a real service would call over TLS: here a server on loopback."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx

CERTIFICATES = Path(__file__).parent.parent / "certs"
PORT = 8443


class Customs(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"cleared")

    def log_message(self, *arguments: object) -> None:
        pass


def serve_customs() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "customs.crt", CERTIFICATES / "customs.key")
    server = HTTPServer(("127.0.0.1", PORT), Customs)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def ask() -> str:
    context = ssl.create_default_context(cafile=str(CERTIFICATES / "ca.crt"))
    with httpx.Client(verify=context) as client:
        return client.get(f"https://localhost:{PORT}/").text
