import { ENDPOINTS } from "./endpoints";
import { createApi } from "./handle";
import { serveNode } from "./node";
import { openApiDocument } from "./openapi";
import { serveWeb } from "./web";

const answer = createApi(ENDPOINTS, () => openApiDocument(ENDPOINTS));

/** The whole REST API: give it a Web Request under /api/v1, get a Response. Mount it in any server. */
export const api = serveWeb(answer);

/** The same for a server of node:http. */
export const nodeApi = serveNode(answer);
