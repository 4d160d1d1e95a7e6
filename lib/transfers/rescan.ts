import { z } from "zod";
import { NETWORKS } from "@/lib/chains/networks";
import { isWatched } from "@/lib/chains/nodes";
import { AppError } from "@/lib/errors";
import { Scanner } from "./scan";

const height = (name: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `${name} must be a block number`)
    .transform(Number);

export const rescanSchema = z
  .object({
    network: z.enum(NETWORKS, `network must be one of ${NETWORKS.join(", ")}`),
    from: height("from"),
    to: height("to"),
  })
  .refine(({ from, to }) => from <= to, { path: ["to"], message: "to must not be below from" });

/**
 * Reads blocks again that were scanned before, and stores transfers that are missing. What is known stays as it is, so it can
 * be run at any time. A running server matches and settles what was found; blocks above the scanned one are left to it.
 * @throws {AppError} network_unavailable, invalid_request
 */
export async function rescan({ network, from, to }: z.output<typeof rescanSchema>) {
  if (!isWatched(network)) {
    throw new AppError("network_unavailable", `${network} is off: set ${network.toUpperCase()}_RPC_URLS`);
  }
  return await new Scanner(network, crypto.randomUUID()).rescan(from, to);
}
