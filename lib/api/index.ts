import { ENDPOINTS } from "./endpoints";
import { createApi } from "./handle";
import { openApiDocument } from "./openapi";

/** The whole REST API: give it a Web Request under /api/v1, get a Response. Mount it in any server. */
export const api = createApi(ENDPOINTS, () => openApiDocument(ENDPOINTS));
