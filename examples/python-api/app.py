"""Starts the harbour's service."""

import os

import uvicorn

from harbour.customs import serve_customs
from harbour.routes import app

if __name__ == "__main__":
    serve_customs()
    uvicorn.run(app, host="0.0.0.0", port=int(os.environ["PORT"]), log_level="warning")
