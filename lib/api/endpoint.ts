import type { z } from "zod";
import type { Executor } from "@/db/client";
import type { ApiKey, Merchant } from "@/db/queries/merchants";
import type { Mode } from "@/db/schema/columns";
import type { ErrorCode } from "@/lib/errors";
import type { LimitName } from "./rate-limit";

/** Who is calling, and within what. */
export type Caller = {
  merchant: Merchant;
  mode: Mode;
  key: ApiKey;
  requestId: string;
  ip: string | null;
  /** The transaction of an idempotent request, else the database: what the work is written through. */
  executor: Executor;
};

type Output<S extends z.ZodType | undefined> = S extends z.ZodType ? z.output<S> : undefined;

/** An endpoint's promise: what it takes, what it gives, and how it is limited. The OpenAPI document is made from this. */
export type Endpoint<
  P extends z.ZodType | undefined = z.ZodType | undefined,
  Q extends z.ZodType | undefined = z.ZodType | undefined,
  B extends z.ZodType | undefined = z.ZodType | undefined,
> = {
  /** operationId of the OpenAPI document. */
  name: string;
  method: "GET" | "POST";
  /** Under /api/v1; `:name` is a path parameter. */
  path: string;
  tag: string;
  summary: string;
  description: string;
  limit: LimitName;
  /** A live key is refused. */
  testOnly?: boolean;
  /** Takes an Idempotency-Key. */
  idempotent?: boolean;
  params?: P;
  query?: Q;
  body?: B;
  /** Top-level body fields whose JSON text matters: see lib/api/json. */
  exact?: readonly string[];
  status: 200 | 201;
  response: z.ZodType;
  /** What it can fail with beside the errors every endpoint has. */
  errors: readonly ErrorCode[];
  run: (caller: Caller, input: { params: Output<P>; query: Output<Q>; body: Output<B> }) => Promise<unknown>;
};

/** Keeps the types of an endpoint's schemas together with its `run`. */
export function endpoint<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(definition: Endpoint<P, Q, B>): Endpoint {
  return definition as unknown as Endpoint;
}
