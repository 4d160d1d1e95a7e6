/** A bare node:http server that does one INSERT. Listens on PORT; ends when its standard input does. */
import { createServer } from "node:http";
import { insert } from "./bare-insert.mjs";

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    try {
      const row = await insert(JSON.parse(Buffer.concat(chunks).toString("utf8")));
      response.writeHead(201, { "Content-Type": "application/json" }).end(JSON.stringify(row));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening"));
process.stdin.resume().on("close", () => process.exit(0));
