"""Dockerfiles of applications that npm installs: built in the only stage, not built, built in a stage of its own."""

from __future__ import annotations

SINGLE = """\
FROM node:20
WORKDIR /app
COPY . .
RUN npm install
RUN npm run build
CMD ["npm", "start"]
"""
PLAIN = """\
FROM node:20
WORKDIR /app
COPY . .
RUN npm ci
CMD ["npm", "start"]
"""
STAGES = """\
FROM node:20 AS build
WORKDIR /app
COPY . .
RUN npm install
RUN npm run build

FROM node:20-slim
WORKDIR /app
COPY --from=build /app /app
CMD ["npm", "start"]
"""
