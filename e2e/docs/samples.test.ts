import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeBlocks, codeOfFile } from "./code-blocks";

/**
 * The verification code of /docs/webhooks, as readers copy it, against genuine and forged webhooks: each language gets a few lines
 * that call it for every vector. A language that is not installed is skipped here, and missed in CI.
 */

type Vector = {
  name: string;
  body: string;
  secret: string;
  headers: Record<string, string>;
  nowSeconds: number;
  valid: { xWebhookSignature: boolean; standardWebhooks: boolean };
};
const { vectors } = JSON.parse(
  readFileSync(new URL("../../sdk/vectors/webhook-signatures.json", import.meta.url), "utf8"),
) as { vectors: Vector[] };

/** One vector a line: every language can split at tabs. */
const INPUT = vectors
  .map(({ body, secret, headers, nowSeconds }) => {
    const cells = ["X-Webhook-Signature", "webhook-id", "webhook-timestamp", "webhook-signature"].map(
      (name) => headers[name] ?? "",
    );
    return [Buffer.from(body).toString("base64"), secret, ...cells, nowSeconds].join("\t");
  })
  .join("\n");
const EXPECTED = vectors.map(({ name, valid }) => `${name}: ${valid.xWebhookSignature} ${valid.standardWebhooks}`);

type Language = {
  tab: string;
  file: string;
  /** Calls the sample; it prints two words a line. */
  harness: string;
  harnessFile: string;
  command: string[];
  probe: string[];
};

const LANGUAGES: Language[] = [
  {
    tab: "Node.js",
    file: "verify.mjs",
    harnessFile: "main.mjs",
    harness: `
import { readFileSync } from "node:fs";
import { verifySignature, verifyStandardWebhook } from "./verify.mjs";
for (const line of readFileSync(0, "utf8").split("\\n")) {
  const [body, secret, signature, id, timestamp, signatures, now] = line.split("\\t");
  const raw = Buffer.from(body, "base64");
  console.log(verifySignature(raw, signature, secret),
    verifyStandardWebhook(raw, { id, timestamp, signatures }, secret, Number(now)));
}`,
    command: [process.execPath, "main.mjs"],
    probe: [process.execPath, "--version"],
  },
  {
    tab: "Python",
    file: "verify.py",
    harnessFile: "main.py",
    harness: `
import base64, sys
from verify import verify_signature, verify_standard_webhook
for line in sys.stdin.read().split("\\n"):
    body, secret, signature, wid, timestamp, signatures, now = line.split("\\t")
    raw = base64.b64decode(body)
    print(str(verify_signature(raw, signature, secret)).lower(),
          str(verify_standard_webhook(raw, wid, timestamp, signatures, secret, int(now))).lower())`,
    command: ["python3", "main.py"],
    probe: ["python3", "--version"],
  },
  {
    tab: "PHP",
    file: "verify.php",
    harnessFile: "main.php",
    harness: `<?php
require 'verify.php';
foreach (explode("\\n", stream_get_contents(STDIN)) as $line) {
    [$body, $secret, $signature, $id, $timestamp, $signatures, $now] = explode("\\t", $line);
    $raw = base64_decode($body);
    echo var_export(verify_signature($raw, $signature, $secret), true), ' ',
        var_export(verify_standard_webhook($raw, $id, $timestamp, $signatures, $secret, (int) $now), true), "\\n";
}`,
    command: ["php", "main.php"],
    probe: ["php", "--version"],
  },
  {
    tab: "Go",
    file: "verify.go",
    harnessFile: "main.go",
    harness: `package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		cells := strings.Split(lines.Text(), "\\t")
		raw, _ := base64.StdEncoding.DecodeString(cells[0])
		now, _ := strconv.ParseInt(cells[6], 10, 64)
		fmt.Println(VerifySignature(raw, cells[2], cells[1]),
			VerifyStandardWebhook(raw, cells[3], cells[4], cells[5], cells[1], now))
	}
}`,
    command: ["go", "run", "main.go", "verify.go"],
    probe: ["go", "version"],
  },
  {
    tab: "Java",
    file: "Verify.java",
    harnessFile: "Main.java",
    harness: `
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

public class Main {
  public static void main(String[] args) throws IOException {
    var reader = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = reader.readLine()) != null; ) {
      String[] cells = line.split("\\t", -1);
      byte[] raw = Base64.getDecoder().decode(cells[0]);
      System.out.println(Verify.signature(raw, cells[2], cells[1]) + " "
          + Verify.standardWebhook(raw, cells[3], cells[4], cells[5], cells[1], Long.parseLong(cells[6])));
    }
  }
}`,
    command: ["sh", "-c", "javac Main.java Verify.java && java -cp . Main"],
    probe: ["javac", "-version"],
  },
];

const isInstalled = ([command = "", ...args]: string[]) => spawnSync(command, args).status === 0;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "docs-samples-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run([command = "", ...args]: string[], cwd: string, input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { cwd, env: { ...process.env, GO111MODULE: "off" } }, (error, out, err) => {
      if (error) reject(new Error(`${command}: ${err || error.message}`));
      else resolve(out);
    });
    child.stdin?.end(input);
  });
}

describe("verification code of /docs/webhooks", () => {
  for (const { tab, file, harness, harnessFile, command, probe } of LANGUAGES) {
    // In CI everything is installed: a language that is not there fails.
    it.skipIf(!process.env.CI && !isInstalled(probe))(`${tab}: believes what is genuine and nothing else`, async () => {
      const cwd = mkdtempSync(join(folder, "x-"));
      writeFileSync(join(cwd, file), codeOfFile("webhooks", file));
      writeFileSync(join(cwd, harnessFile), harness);
      const answers = (await run(command, cwd, INPUT)).trim().split("\n");
      expect(answers.map((line, i) => `${vectors[i]?.name}: ${line}`)).toEqual(EXPECTED);
    });
  }

  it("every language that is shown is run, or says that it is not", () => {
    const shown = codeBlocks("webhooks").filter((block) => block.words.tab);
    const run = LANGUAGES.map((language) => language.tab);
    expect(shown.map((block) => block.words.tab)).toEqual([...run, "C#", "Ruby"]);
    for (const { words } of shown) expect("unchecked" in words, words.tab).toBe(!run.includes(words.tab ?? ""));
  });
});

describe("other code of the pages", () => {
  it("JSON is JSON, and shell scripts are well-formed", () => {
    for (const { slug, language, code } of codeBlocks()) {
      if (language === "json") expect(() => JSON.parse(code), `/docs/${slug}: ${code.slice(0, 60)}`).not.toThrow();
      if (language !== "sh") continue;
      const { status, stderr } = spawnSync("bash", ["-n"], { input: code, encoding: "utf8" });
      expect(status, `/docs/${slug}: ${stderr}`).toBe(0);
    }
  });

  it("JavaScript parses", () => {
    for (const { slug, language, code } of codeBlocks()) {
      if (language !== "js") continue;
      const { diagnostics } = ts.transpileModule(code, {
        reportDiagnostics: true,
        compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
      });
      expect(
        diagnostics?.map((d) => d.messageText),
        `/docs/${slug}`,
      ).toEqual([]);
    }
  });
});
