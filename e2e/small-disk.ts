import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import type { TestContext } from "vitest";

/** Mounts a disk of its own at `path` while `use` runs; skips the test where this machine does not allow it. Linux, as root. */
export async function onSmallDisk(context: TestContext, path: string, size: string, use: () => Promise<void>) {
  mkdirSync(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path], { stdio: "ignore" });
  } catch {
    context.skip("this machine does not let us mount a small disk");
  }
  try {
    await use();
  } finally {
    execFileSync("umount", [path]);
  }
}
