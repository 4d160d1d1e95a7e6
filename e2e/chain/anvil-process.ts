import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

const archNames: Record<string, string> = { x64: "amd64", arm64: "arm64" };

/**
 * The anvil binary that npm installed for this platform. The `anvil` command of the package is a Node wrapper around it;
 * running the binary itself saves a process and lets signals reach it.
 */
export function anvilBinary(platform: string = process.platform, arch: string = process.arch): string {
  const wanted = `@foundry-rs/anvil-${platform}-${archNames[arch] ?? arch}`;
  const here = createRequire(import.meta.url);
  // Package managers that do not hoist put it below the package that depends on it.
  const resolvers = [here];
  try {
    resolvers.push(createRequire(here.resolve("@foundry-rs/anvil/package.json")));
  } catch {
    // Not installed at all: the error below says what to do.
  }
  for (const resolver of resolvers) {
    try {
      const root = dirname(resolver.resolve(`${wanted}/package.json`));
      return join(root, "bin", platform === "win32" ? "anvil.exe" : "anvil");
    } catch {
      // Try the next place.
    }
  }
  throw new Error(`${wanted} is not installed: run npm ci with optional dependencies on ${platform}/${arch}`);
}

/**
 * Runs its arguments as a child that dies when standard input closes. The kernel closes that pipe however the test
 * process ends (exit, SIGKILL, crash), so no handler has to run for the child to go.
 */
const leash = `cache=$1; shift
exec 3<&0
"$@" --cache-path "$cache" 3<&- </dev/null & child=$!
( read -r _ <&3; kill -9 $child ) >/dev/null 2>&1 & watcher=$!
exec 3<&- >/dev/null 2>&1
wait $child; code=$?
kill -9 $watcher 2>/dev/null
rm -rf "$cache"
exit $code`;

/** A running binary. */
export interface NodeProcess {
  /** Port that the node listens on, on 127.0.0.1. */
  port: number;
  /** Kills the node and waits until it is gone. May be called again. */
  stop(): Promise<void>;
}

/** Starts anvil with these arguments and waits until it listens. */
export async function launchAnvil(args: readonly string[]): Promise<NodeProcess> {
  const binary = anvilBinary();
  // A node that is killed leaves its directory of old states behind; by default that is in the home directory.
  const cache = mkdtempSync(join(tmpdir(), "anvil-"));
  const child =
    process.platform === "win32"
      ? spawnKilledOnExit(binary, [...args, "--cache-path", cache])
      : spawn("/bin/sh", ["-c", leash, "anvil", cache, binary, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.stdin?.destroy();
    if (process.platform === "win32") child.kill();
    await gone;
    rmSync(cache, { recursive: true, force: true });
  };
  try {
    return { port: await listeningPort(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function spawnKilledOnExit(binary: string, args: readonly string[]): ChildProcess {
  const child = spawn(binary, args, { stdio: ["pipe", "pipe", "pipe"] });
  const kill = () => child.kill();
  process.once("exit", kill);
  child.once("exit", () => process.removeListener("exit", kill));
  return child;
}

/** Reads the port from the line that anvil prints once it listens. */
function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = "";
    const timer = setTimeout(() => reject(new Error(`anvil did not listen within 30 s:\n${output}`)), 30_000);
    const read = (chunk: Buffer) => {
      if (output === "listening") return; // Keep draining: a full pipe would stop the node.
      output += chunk.toString();
      const found = /Listening on \S+:(\d+)/.exec(output);
      if (!found) return;
      clearTimeout(timer);
      output = "listening";
      resolve(Number(found[1]));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.stdin?.on("error", () => {});
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`anvil ended with ${code} before it listened:\n${output}`));
    });
  });
}
