import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright";
import { newVisitor } from "@/e2e/browser";

export const PASSWORD = "correct horse battery";

/** A merchant in a browser of their own, registered and logged in, on the overview in test mode. */
export type Person = {
  page: Page;
  email: string;
  merchantId: string;
  testKey: string;
  liveKey: string;
  webhookSecret: string;
};

/** Registers as a person does, and reads the keys off the screen. */
export async function registerPerson(browser: Browser, url: string, page?: Page): Promise<Person> {
  const tab = page ?? (await (await newVisitor(browser)).newPage());
  const email = `${randomUUID()}@example.com`;
  await tab.goto(`${url}/register`);
  await tab.getByLabel("Business name").fill("Corner shop");
  await tab.getByLabel("E-mail address").fill(email);
  await tab.getByLabel("Password").fill(PASSWORD);
  await tab.getByRole("button", { name: "Register" }).click();
  await tab.getByRole("heading", { name: "Your keys" }).waitFor();
  const [testKey = "", liveKey = "", webhookSecret = ""] = await tab.locator("dd > div > code").allTextContents();
  await tab.getByRole("link", { name: "Go to the dashboard" }).click();
  await tab.waitForURL("**/dashboard/test");
  const account = await fetch(`${url}/api/v1/account`, { headers: { authorization: `Bearer ${testKey}` } });
  const { id } = (await account.json()) as { id: string };
  return { page: tab, email, merchantId: id, testKey, liveKey, webhookSecret };
}

/** Logs in on a page of the log-in form. */
export async function logIn(page: Page, url: string, email: string, password: string): Promise<void> {
  await page.goto(`${url}/login`);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}
