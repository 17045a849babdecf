import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Fastify from "fastify";
import files from "@fastify/static";
import { find, parcels } from "./parcels";
import { carrier, serveCarrier } from "./carrier";

const root = join(__dirname, "..");
const uploads = join(root, "uploads");
const app = Fastify({ logger: false });

app.register(files, { root: join(root, "public"), prefix: "/public/" });

app.get("/", async (request, reply) => reply.type("text/html").send(readFileSync(join(root, "public", "index.html"))));
app.get("/health", async () => ({ status: "ok" }));
app.get("/parcels", async () => parcels);
app.get("/parcels/:id", async (request, reply) => {
  const parcel = find((request.params as { id: string }).id);
  return parcel ?? reply.code(404).send({ error: "no such parcel" });
});
app.get("/receipts", async () => {
  mkdirSync(uploads, { recursive: true });
  appendFileSync(join(uploads, "receipts.log"), "printed\n");
  return { receipts: readFileSync(join(uploads, "receipts.log"), "utf8").split("\n").length - 1 };
});
app.get("/carrier", async () => ({ carrier: await carrier() }));

serveCarrier();
app.listen({ host: "0.0.0.0", port: Number(process.env.PORT) }).then(() => console.log("listening"));
process.on("SIGTERM", () => process.exit(0));
