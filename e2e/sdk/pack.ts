/** The SDK as it is published, and programs that use it. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const run = promisify(execFile);

/** Runs a command to its end. @returns its stdout. @throws Error with all that it said. */
export async function command(file: string, args: string[], cwd: string): Promise<string> {
  // Not the runner's own environment: vitest sets NODE_ENV and NODE_OPTIONS, with which npm leaves packages out.
  const { PATH = "", HOME = "" } = process.env;
  const env = { PATH, HOME, NEXT_TELEMETRY_DISABLED: "1", CI: "true" } as unknown as NodeJS.ProcessEnv;
  try {
    return (await run(file, args, { cwd, env, maxBuffer: 16 << 20 })).stdout;
  } catch (error) {
    const { message, stdout = "", stderr = "" } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${message}\n${stdout}\n${stderr}`);
  }
}

export type PackedFile = { path: string; size: number };

/** Runs `npm pack` on the SDK. @returns the tarball's name within `folder`, and what is in it. */
export async function packSdk(folder: string): Promise<{ tarball: string; files: PackedFile[] }> {
  const said = await command("npm", ["pack", "--json", "--pack-destination", folder], join(ROOT, "sdk/node"));
  const [packed] = JSON.parse(said) as [{ filename: string; files: PackedFile[] }];
  return { tarball: packed.filename, files: packed.files };
}

/** An empty folder outside the repository. */
export function emptyFolder(): { path: string; write: (files: Record<string, string>) => void; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "usdt-gateway-sdk-"));
  return {
    path,
    write(files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), text);
      }
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
