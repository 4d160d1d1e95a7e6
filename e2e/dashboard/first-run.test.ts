import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newVisitor } from "@/e2e/browser";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { useBrowser } from "@/e2e/use-browser";

const browser = useBrowser();
let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());

describe("a new merchant", () => {
  it("registers, has both keys, adds a wallet and sees a test invoice paid, in under two minutes, by what the pages offer", async () => {
    const started = Date.now();
    const context = await newVisitor(browser());
    const page = await context.newPage();
    await page.goto(`${gateway.url}/register`);
    await page.getByLabel("Business name").fill("Blue Chair Company");
    await page.getByLabel("E-mail address").fill(`${randomBytes(6).toString("hex")}@example.com`);
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Register" }).click();

    await page
      .getByText(/^test_\w{20,}/)
      .first()
      .waitFor();
    await page
      .getByText(/^live_\w{20,}/)
      .first()
      .waitFor();
    await page.getByRole("link", { name: "Go to the dashboard" }).click();
    await page.waitForURL(/\/dashboard\/test$/);

    // The overview says what is missing, and leads there.
    await page.getByRole("link", { name: "Add a wallet" }).first().click();
    await page.getByRole("button", { name: "Add a wallet" }).first().click();
    const window = page.getByRole("dialog");
    await window.getByLabel("Network").selectOption("ethereum");
    await window.getByLabel("Address").fill(`0x${randomBytes(20).toString("hex")}`);
    await window.getByLabel("Your password").fill("correct horse battery");
    await window.getByRole("button", { name: "Add the wallet" }).click();
    await window.waitFor({ state: "detached" });

    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("link", { name: "New invoice" }).click();
    await page.getByLabel("Amount").fill("10");
    await page.getByRole("button", { name: "Create invoice" }).click();
    await page.waitForURL(/\/invoices\/[0-9a-f-]{36}$/);
    await page.getByRole("button", { name: "Simulate payment" }).click();
    await page.locator("h1 + p").getByText("Confirmed").waitFor();
    expect(Date.now() - started).toBeLessThan(120_000);
    await context.close();
  });
});
