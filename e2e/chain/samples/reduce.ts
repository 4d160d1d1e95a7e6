/**
 * Reduces recorded exchanges with a Tron node to `../tron-samples.json`: what was asked, and the shape of what came back.
 * `node --import tsx e2e/chain/samples/reduce.ts [folder]`; the folder is `../shared/samples/tron` beside the checkout.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Shape, shapeOf } from "./shape";

/** One exchange as it was recorded. */
export interface RecordedSample {
  request: { method: string; path: string; body?: unknown };
  status: number;
  contentType: string;
  response: unknown;
  /** Where it was not the full node. */
  server?: string;
}

/** One exchange reduced: the answer's shape in place of the answer. */
export interface ReducedSample extends Omit<RecordedSample, "response"> {
  shape: Shape;
}

/** The file of reduced samples. */
export interface ReducedSamples {
  /** Shapes that occur more than once; `#N` in a shape stands for the N-th of them. */
  shared: Shape[];
  samples: Record<string, ReducedSample>;
}

/** Where the committed shapes lie. */
export const reducedPath = fileURLToPath(new URL("../tron-samples.json", import.meta.url));

/** Where the recordings lie, or null on a machine without them. */
export function recordedFolder(): string | null {
  const folder = fileURLToPath(new URL("../../../../shared/samples/tron", import.meta.url));
  return existsSync(folder) ? folder : null;
}

/** The recordings of a folder by name. */
export function readRecorded(folder: string): Record<string, RecordedSample> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return Object.fromEntries(
    files.sort().map((file) => [basename(file, ".json"), JSON.parse(readFileSync(join(folder, file), "utf8"))]),
  );
}

/** Request bodies longer than this are left out; who replays them builds them anew. */
const longestBody = 2000;

/** Recordings reduced to what was asked and the shape of the answer. */
export function reduceSamples(recorded: Record<string, RecordedSample>): Record<string, ReducedSample> {
  const reduced = Object.entries(recorded).map(([name, { request, response, ...rest }]) => {
    const { body, ...line } = request;
    const short = body !== undefined && JSON.stringify(body).length <= longestBody;
    return [name, { request: { ...line, ...(short ? { body } : {}) }, ...rest, shape: shapeOf(response) }] as const;
  });
  return Object.fromEntries(reduced);
}

/** Writes each shape that occurs more than once only one time. */
export function pack(samples: Record<string, ReducedSample>): ReducedSamples {
  const counts = new Map<string, number>();
  const count = (shape: Shape) => {
    if (shape === null || typeof shape !== "object") return;
    const text = JSON.stringify(shape);
    const seen = (counts.get(text) ?? 0) + 1;
    counts.set(text, seen);
    if (seen === 1) for (const part of Object.values(shape)) count(part);
  };
  for (const { shape } of Object.values(samples)) count(shape);
  const shared: Shape[] = [];
  const places = new Map<string, number>();
  const short = (shape: Shape): Shape => {
    if (shape === null || typeof shape !== "object") return shape;
    const text = JSON.stringify(shape);
    const parts = () =>
      Array.isArray(shape)
        ? shape.map(short)
        : Object.fromEntries(Object.entries(shape).map(([key, part]) => [key, short(part)]));
    if ((counts.get(text) ?? 0) < 2 || text.length < 40) return parts();
    let place = places.get(text);
    if (place === undefined) {
      const packed = parts();
      place = shared.push(packed) - 1;
      places.set(text, place);
    }
    return `#${place}`;
  };
  const packed = Object.entries(samples).map(([name, { shape, ...rest }]) => [name, { ...rest, shape: short(shape) }]);
  return { shared, samples: Object.fromEntries(packed) };
}

/** The opposite of `pack`. */
export function unpack({ shared, samples }: ReducedSamples): Record<string, ReducedSample> {
  const whole = (shape: Shape): Shape => {
    if (typeof shape === "string") return /^#\d+$/.test(shape) ? whole(shared[Number(shape.slice(1))] ?? null) : shape;
    if (shape === null || typeof shape !== "object") return shape;
    if (Array.isArray(shape)) return shape.map(whole);
    return Object.fromEntries(Object.entries(shape).map(([key, part]) => [key, whole(part)]));
  };
  return Object.fromEntries(
    Object.entries(samples).map(([name, sample]) => [name, { ...sample, shape: whole(sample.shape) }]),
  );
}

/** The committed shapes, whole. */
export function readReduced(): Record<string, ReducedSample> {
  return unpack(JSON.parse(readFileSync(reducedPath, "utf8")) as ReducedSamples);
}

if (argv[1] && import.meta.url === pathToFileURL(argv[1]).href) {
  const folder = argv[2] ?? recordedFolder();
  if (!folder) throw new Error("no recordings: name their folder");
  const { shared, samples } = pack(reduceSamples(readRecorded(folder)));
  // A shape a line keeps the file short and its changes readable.
  const line = (value: unknown) => JSON.stringify(value);
  const list = shared.map((shape) => `    ${line(shape)}`).join(",\n");
  const entries = Object.entries(samples).map(([name, sample]) => `    ${line(name)}: ${line(sample)}`);
  writeFileSync(reducedPath, `{\n  "shared": [\n${list}\n  ],\n  "samples": {\n${entries.join(",\n")}\n  }\n}\n`);
  console.log(`wrote ${reducedPath}`);
}
