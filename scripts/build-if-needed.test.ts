import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sourceFiles, sourceHash, whyBuild } from "./build-if-needed";

let root: string;
const put = (path: string, content = path): void => {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), content);
};
/** Sets the time of everything below the sources to a minute ago, so that a build made now is newer. */
const age = (): void => {
  const past = new Date(Date.now() - 60_000);
  for (const path of [...sourceFiles(root), "app", "app/docs", "lib"]) utimesSync(join(root, path), past, past);
};
const builtByUs = (buildId = "one"): void => {
  put(".next/BUILD_ID", buildId);
  put(".next/required-server-files.json");
  put(".next/cache/gateway-build.json", JSON.stringify({ buildId, hash: sourceHash(root) }));
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "gateway-build-"));
  for (const path of ["package.json", "next.config.ts", "app/page.tsx", "app/docs/page.tsx", "lib/a.ts"]) put(path);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("no build, an unfinished one and one that was killed are all made anew", () => {
  expect(whyBuild(root)).toBe("there is no build yet");
  put(".next/BUILD_ID", "one");
  expect(whyBuild(root)).toBe("there is no build yet");
  put(".next/required-server-files.json");
  put(".next/cache/gateway-build.json", JSON.stringify({ building: { pid: 1, start: "x" } }));
  expect(whyBuild(root)).toBe("the last build did not finish");
});

test("a build is kept while the sources have the same content, whatever their times", () => {
  builtByUs();
  const future = new Date(Date.now() + 60_000);
  for (const path of sourceFiles(root)) utimesSync(join(root, path), future, future);
  expect(whyBuild(root)).toBeNull();
});

test("a changed, added or deleted source means another build; a test does not", () => {
  builtByUs();
  put("lib/a.test.ts");
  expect(whyBuild(root)).toBeNull();
  put("lib/a.ts", "changed");
  expect(whyBuild(root)).toBe("the sources changed");
  builtByUs();
  put("components/new.tsx");
  expect(whyBuild(root)).toBe("the sources changed");
  builtByUs();
  rmSync(join(root, "app/docs/page.tsx"));
  expect(whyBuild(root)).toBe("the sources changed");
});

test("a build made by hand after the last change is used, and remembered by content from then on", () => {
  builtByUs("one");
  put("lib/a.ts", "changed");
  age();
  put(".next/BUILD_ID", "two");
  expect(whyBuild(root)).toBeNull();
  const future = new Date(Date.now() + 60_000);
  utimesSync(join(root, "lib/a.ts"), future, future);
  expect(whyBuild(root)).toBeNull();
});

test("a build made by hand before the last change or deletion is not used", () => {
  age();
  put(".next/BUILD_ID", "by hand");
  put(".next/required-server-files.json");
  const future = new Date(Date.now() + 60_000);
  rmSync(join(root, "app/docs/page.tsx"));
  put("app/docs/other.tsx");
  utimesSync(join(root, "app/docs"), future, future);
  expect(whyBuild(root)).toBe("the sources changed");
});
