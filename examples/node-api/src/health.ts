import http from "node:http";

http
  .get({ port: process.env.PORT, path: "/health" }, (response) => process.exit(response.statusCode === 200 ? 0 : 1))
  .on("error", () => process.exit(1));
