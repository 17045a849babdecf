// The carrier that a real service would call over TLS: here a server on loopback, signed by an authority of our own.
import { readFileSync } from "node:fs";
import https from "node:https";
import { join } from "node:path";

const certificates = join(__dirname, "..", "certs");
const port = 3443;

export function serveCarrier(): void {
  const options = {
    key: readFileSync(join(certificates, "carrier.key")),
    cert: readFileSync(join(certificates, "carrier.crt")),
  };
  https.createServer(options, (_, response) => response.end("on its way")).listen(port, "127.0.0.1");
}

export function carrier(): Promise<string> {
  const ca = readFileSync(join(certificates, "ca.crt"));
  return new Promise((resolve, reject) => {
    https
      .get({ host: "localhost", port, ca }, (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () => resolve(text));
      })
      .on("error", reject);
  });
}
