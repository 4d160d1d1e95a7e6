/** The bare Next.js application in production, served as `npm start` serves the gateway. Ends when its standard input does. */
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import next from "next";

const port = Number(process.env.PORT);
const application = next({
  dev: false,
  dir: fileURLToPath(new URL(".", import.meta.url)),
  hostname: "localhost",
  port,
});
await application.prepare();
const handle = application.getRequestHandler();
createServer((request, response) => void handle(request, response)).listen(port, "127.0.0.1", () =>
  console.log("listening"),
);
process.stdin.resume().on("close", () => process.exit(0));
