import { bigint, customType, numeric, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { v7 } from "uuid";
import { NETWORKS, type Network } from "@/lib/env";
import { MODES, type Mode } from "@/lib/mode";

/** Column kinds that several tables share, so that each is spelled once. */

/** Time-ordered UUID (RFC 9562 v7): new rows land at the end of the index. */
export const id = () => uuid().primaryKey().$defaultFn(v7);

/** A moment, to the millisecond, UTC. */
export const time = () => timestamp({ withTimezone: true, precision: 3, mode: "date" });

export { MODES, type Mode };
/** Which world a row belongs to. Test and live never mix: the mode is part of every key and every query. */
export const mode = () => text({ enum: MODES });

export const network = () => text({ enum: NETWORKS as unknown as [Network, ...Network[]] });

/** ASCII text compared byte by byte, in whatever language the database was made: what begins with some text is one range of its index. */
export const bytewise = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

/** An amount in units of 0.0001 USDT. */
export const units = () => bigint({ mode: "bigint" });

/** A block height or other count that a JavaScript number holds exactly. */
export const count = () => bigint({ mode: "number" });

/** A raw token value. 18 decimals overflow a bigint at 9.22 USDT, so it is numeric. */
export const baseUnits = () => numeric({ precision: 78, scale: 0, mode: "bigint" });
