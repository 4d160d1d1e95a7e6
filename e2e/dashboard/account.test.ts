import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axeFindings, newVisitor, startBrowser, type Theme, type Width, watchPage } from "@/e2e/browser";
import { type Gateway, startGateway } from "@/e2e/gateway";
import { logIn, PASSWORD, type Person, registerPerson } from "./people";

/** The account's side of the dashboard, in a real browser on the real server. */

const ETHEREUM = "0x52908400098527886E0F7030069857D2E4169EE7";
const SECOND = "0x8617E340B3D01FA5F11F306F4090FD50E238070D";
const TRON = "TLsV52sRDL79HXGGm9yzwKibb6BeruhUzy";
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

let gateway: Gateway;
let browser: Browser;
let person: Person;
let page: Page;
beforeAll(async () => {
  [gateway, browser] = await Promise.all([startGateway({ env: { RATE_LIMIT_MULTIPLIER: "100" } }), startBrowser()]);
  person = await registerPerson(browser, gateway.url);
  page = person.page;
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
});

const open = (path: string, tab = page) => tab.goto(`${gateway.url}/dashboard${path}`);
const button = (name: string | RegExp, tab = page) =>
  tab.getByRole("button", { name, exact: typeof name === "string" });
const textbox = (name: string, tab = page) => tab.getByRole("textbox", { name, exact: true });
const rowOf = (text: string, tab = page) => tab.getByRole("row").filter({ hasText: text });
const toast = (text: string, tab = page) => tab.getByText(text).first().waitFor();

async function api(method: string, path: string, key: string, body?: unknown) {
  const response = await fetch(`${gateway.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

describe("registering", () => {
  it("shows keys that work at once, and never again", async () => {
    expect((await api("GET", "/account", person.testKey)).body.mode).toBe("test");
    expect((await api("GET", "/account", person.liveKey)).body.mode).toBe("live");
    expect(person.webhookSecret).toMatch(/^whsec_/);
    await page.goto(`${gateway.url}/register`);
    await page.waitForURL("**/dashboard/*");
    await open("/test/developers/keys");
    for (const secret of [person.testKey, person.liveKey, person.webhookSecret]) {
      expect(await page.content()).not.toContain(secret);
    }
  });

  it("says at the field what is wrong, and nothing about who has an account", async () => {
    const tab = await (await newVisitor(browser)).newPage();
    await tab.goto(`${gateway.url}/register`);
    await tab.getByLabel("Business name").fill("Other");
    await tab.getByLabel("E-mail address").fill(person.email);
    await tab.getByLabel("Password").fill("short");
    await button("Register", tab).click();
    await tab.getByText("Password must have at least 10 characters").waitFor();
    await tab.getByLabel("Password").fill(PASSWORD);
    await button("Register", tab).click();
    await tab.getByText("No account can be opened with this address").waitFor();
    await tab.context().close();
  });
});

describe("a session", () => {
  it("is a cookie that scripts cannot read and other sites cannot send", async () => {
    const cookies = await page.context().cookies();
    const session = cookies.find((cookie) => cookie.name.endsWith("next-auth.session-token"));
    expect(session).toMatchObject({ httpOnly: true, sameSite: "Lax" });
  });

  it("begins with the right password only; a wrong one and an unknown address are answered alike", async () => {
    const tab = await (await newVisitor(browser)).newPage();
    const answers: string[] = [];
    for (const [email, password] of [
      [person.email, "wrong"],
      ["nobody@example.com", PASSWORD],
    ] as const) {
      await logIn(tab, gateway.url, email, password);
      answers.push((await tab.locator("form").getByRole("alert").textContent()) ?? "");
    }
    expect(answers[0]).toBe("The e-mail address or the password is wrong");
    expect(answers[1]).toBe(answers[0]);
    await open("/test/wallets", tab);
    await tab.waitForURL("**/login");
    await logIn(tab, gateway.url, person.email.toUpperCase(), PASSWORD);
    await tab.waitForURL("**/dashboard/*");
    await button(person.email, tab).click();
    await tab.getByRole("menuitem", { name: "Log out" }).click();
    await tab.waitForURL("**/login");
    await open("/test", tab);
    await tab.waitForURL("**/login");
    await tab.context().close();
  });

  it("of everybody else ends when the password is changed, and one’s own goes on", async () => {
    const owner = await registerPerson(browser, gateway.url);
    const tab = await (await newVisitor(browser)).newPage();
    await logIn(tab, gateway.url, owner.email, PASSWORD);
    await tab.waitForURL("**/dashboard/*");
    await open("/test/settings", owner.page);
    await textbox("Present password", owner.page).fill("wrong password");
    await textbox("New password", owner.page).fill("a new password");
    await button("Change the password", owner.page).click();
    await owner.page.getByText("This is not your password").waitFor();
    await textbox("Present password", owner.page).fill(PASSWORD);
    await button("Change the password", owner.page).click();
    await toast("The password was changed", owner.page);
    await open("/test/settings", owner.page);
    expect(await owner.page.getByRole("heading", { level: 1 }).textContent()).toBe("Settings");
    await open("/test/settings", tab);
    await tab.waitForURL("**/login");
    const { password } = await gateway.admin<{ password: string }>("password:reset", "--email", owner.email);
    await open("/test", owner.page);
    await owner.page.waitForURL("**/login");
    await logIn(owner.page, gateway.url, owner.email, password);
    await owner.page.waitForURL("**/dashboard/*");
    await Promise.all([owner.page.context().close(), tab.context().close()]);
  });

  it("that another merchant has taken over in the same browser: an old page changes nothing", async () => {
    const first = await registerPerson(browser, gateway.url);
    const stale = first.page;
    await open("/test/settings", stale);
    const tab = await stale.context().newPage();
    await open("/test", tab);
    await button(first.email, tab).click();
    await tab.getByRole("menuitem", { name: "Log out" }).click();
    await tab.waitForURL("**/login");
    const second = await registerPerson(browser, gateway.url, tab);
    await textbox("Business name", stale).fill("Stolen name");
    await button("Save", stale).first().click();
    await stale.getByText("This page belongs to another account").waitFor();
    for (const { testKey } of [first, second]) {
      expect((await api("GET", "/account", testKey)).body.name).toBe("Corner shop");
    }
    await stale.context().close();
  });
});

describe("test and live", () => {
  it("are in the address: the switch keeps the place, the back button the mode", async () => {
    await open("/test/developers/keys");
    await page.getByRole("heading", { name: "Test API key" }).waitFor();
    await page.getByText("Test mode: no real money moves here").waitFor();
    await page.getByRole("link", { name: "Live", exact: true }).click();
    await page.getByRole("heading", { name: "Live API key" }).waitFor();
    expect(page.url()).toBe(`${gateway.url}/dashboard/live/developers/keys`);
    expect(await page.getByText("Test mode: no real money moves here").count()).toBe(0);
    await page.goBack();
    await page.getByRole("heading", { name: "Test API key" }).waitFor();
    await page.getByText("Test mode: no real money moves here").waitFor();
    await open("/both");
    await page.getByText("There is nothing").first().waitFor();
  });
});

describe("wallets", () => {
  it("are checked while the address is typed, and added only with the password", async () => {
    await open("/test/wallets");
    await page.getByText("No wallet yet").waitFor();
    await button("Add a wallet").click();
    await page.getByRole("combobox", { name: "Network" }).selectOption("ethereum");
    await textbox("Address").fill("0x12");
    await page.getByText("An address is 0x followed by 40 hexadecimal digits").waitFor();
    await textbox("Address").fill("0xdAC17F958D2ee523a2206206994597C13D831ec7");
    await page.getByText("This is the USDT contract").waitFor();
    await textbox("Address").fill(TRON);
    await page.getByText("This looks like a Tron address").waitFor();
    await button("Use Tron (TRC20)").click();
    await page.getByText("A valid address on Tron (TRC20)").waitFor();
    await textbox("Your password").fill("wrong password");
    await button("Add the wallet").click();
    await page.getByText("This is not your password").waitFor();
    await textbox("Your password").fill(PASSWORD);
    await button("Add the wallet").click();
    await toast("The wallet was added");
    await rowOf("TLsV52…ruhUzy").getByText("Default").waitFor();
  });

  it("are renamed, made the default, and archived while their open invoices stay open", async () => {
    for (const [address, label] of [
      [ETHEREUM, "First"],
      [SECOND, ""],
    ] as const) {
      await button("Add a wallet").click();
      await page.getByRole("combobox", { name: "Network" }).selectOption("ethereum");
      await textbox("Address").fill(address);
      await textbox("Label").fill(label);
      await textbox("Your password").fill(PASSWORD);
      await button("Add the wallet").click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    const create = () =>
      api("POST", "/invoices", person.testKey, { amountUsdt: "10", assetCode: "USDT_ERC20", expirySeconds: 3600 });
    const invoice = (await create()).body;
    expect(invoice.payoutAddress).toBe(ETHEREUM);
    await button(/What to do with 0x8617/).click();
    await page.getByRole("menuitem", { name: "Rename" }).click();
    await textbox("Label").fill("Second");
    await button("Save").click();
    await rowOf("Second").waitFor();
    await button(/What to do with 0x8617/).click();
    await page.getByRole("menuitem", { name: "Make it the default" }).click();
    await rowOf("Second").getByText("Default").waitFor();
    expect((await create()).body.payoutAddress).toBe(SECOND);
    await button(/What to do with 0x5290/).click();
    await page.getByRole("menuitem", { name: "Archive" }).click();
    await page.getByText("Its 1 open invoice will still be credited").waitFor();
    await button("Archive the wallet").click();
    await page.getByRole("table", { name: "Archived wallets" }).getByText("First").waitFor();
    expect((await api("GET", `/invoices/${invoice.id}`, person.testKey)).body.status).toBe("pending");
    expect(
      (await api("POST", "/invoices", person.testKey, { amountUsdt: "5", walletId: invoice.walletId })).status,
    ).toBe(400);
  });
});

describe("API keys", () => {
  it("are replaced: the new one is shown once, the old one works as long as was said", async () => {
    await open("/test/developers/keys");
    const replace = async (grace: string) => {
      await button("Replace the key").click();
      await page.getByRole("combobox").selectOption(grace);
      await page.getByRole("dialog").getByRole("button", { name: "Replace the key" }).click();
      await page.getByText("It is shown this once").waitFor();
      const key = (await page.getByRole("dialog").locator("code").textContent()) ?? "";
      await button("I have stored it").click();
      expect(await page.content()).not.toContain(key);
      return key;
    };
    const old = person.testKey;
    const second = await replace("3600");
    expect([(await api("GET", "/account", old)).status, (await api("GET", "/account", second)).status]).toEqual([
      200, 200,
    ]);
    await page.getByText(/^Replaced, ends/).waitFor();
    const third = await replace("0");
    expect((await api("GET", "/account", second)).status).toBe(401);
    expect((await api("GET", "/account", third)).status).toBe(200);
    expect((await api("GET", "/account", person.liveKey)).status).toBe(200);
    person.testKey = third;
    await expect
      .poll(async () => {
        await page.reload();
        return rowOf("Current").textContent();
      })
      .toContain("just now");
  });
});

describe("settings", () => {
  it("are saved, checked at their fields, and shown on the next visit", async () => {
    await open("/test/settings");
    await textbox("Business name").fill("Café Nord");
    await page.getByRole("combobox", { name: "Time zone" }).selectOption("Asia/Tokyo");
    await button("Save").nth(0).click();
    await toast("The business settings were saved");
    await textbox("Adjustment limit, USDT").fill("1.5");
    await button("Save").nth(1).click();
    await page.getByText("The adjustment limit must be from 0 to 1 USDT").waitFor();
    await textbox("Adjustment limit, USDT").fill("0.01");
    await button("Save").nth(1).click();
    await toast("The invoice settings were saved");
    await textbox("Accent colour").fill("#ffff66");
    await page.getByText(/hard to see on the pay page’s light background/).waitFor();
    await page.getByRole("textbox", { name: /Sites that may show/ }).fill("https://shop.example/path");
    await button("Save").nth(2).click();
    await page.getByText("Each line must be https:// and a host").waitFor();
    await page.getByRole("textbox", { name: /Sites that may show/ }).fill("https://shop.example");
    await button("Save").nth(2).click();
    await toast("The pay page settings were saved");
    await page.reload();
    expect(await textbox("Business name").inputValue()).toBe("Café Nord");
    expect(await textbox("Adjustment limit, USDT").inputValue()).toBe("0.0100");
    expect(await textbox("Accent colour").inputValue()).toBe("#ffff66");
    expect(await page.getByRole("combobox", { name: "Time zone" }).inputValue()).toBe("Asia/Tokyo");
    expect((await api("GET", "/account", person.testKey)).body.name).toBe("Café Nord");
  });

  it("take a picture as the logo, and nothing that only calls itself one", async () => {
    const file = page.getByLabel("Logo");
    await file.setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: Buffer.from("<script>1</script>") });
    await page.getByText("The file is no picture that works here").waitFor();
    await file.setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: Buffer.alloc(300_000, 1) });
    await page.getByText("The picture must have at most 256 KB").waitFor();
    await file.setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: PNG });
    await page.getByRole("img", { name: "Your logo" }).waitFor();
    await button("Remove").click();
    await page.getByRole("img", { name: "Your logo" }).waitFor({ state: "detached" });
  });

  it("and every other change stand in the audit log, with who and from where", async () => {
    await open("/test/settings/audit");
    for (const change of ["Logo removed", "Settings changed", "API key replaced", "Wallet archived", "Wallet added"]) {
      const row = await rowOf(change).first().textContent();
      expect(row).toContain(person.email);
      expect(row).toMatch(/127\.0\.0\.1|::1/);
    }
    // In the merchant's time zone.
    expect(await page.locator("time").first().getAttribute("title")).toMatch(/GMT\+9$/);
  });
});

describe("every page", () => {
  const PAGES = ["/test", "/test/wallets", "/test/developers/keys", "/live/developers/keys", "/test/settings"];
  const LOOKS: [Width, Theme][] = [
    ["phone", "light"],
    ["phone", "dark"],
    ["desktop", "light"],
    ["desktop", "dark"],
  ];

  it.each(LOOKS)(
    "on a %s in %s: no finding of axe, nothing wider than the screen, a quiet console",
    async (width, theme) => {
      const storageState = await page.context().storageState();
      const context = await newVisitor(browser, width, theme, { storageState });
      const tab = await context.newPage();
      const seen = watchPage(tab, gateway.url);
      for (const path of [...PAGES, "/test/settings/audit"]) {
        await open(path, tab);
        await tab.getByRole("heading", { level: 1 }).waitFor();
        // Each theme's colours and each width's layout once: axe is slow.
        const findings = (width === "phone") === (theme === "dark") ? await axeFindings(tab) : [];
        expect({ path, findings }).toEqual({ path, findings: [] });
        const excess = await tab.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect({ path, excess }).toEqual({ path, excess: 0 });
      }
      if (width === "phone") {
        await button("Open the menu", tab).click();
        await tab.getByRole("dialog").getByRole("link", { name: "Wallets" }).click();
        await tab.waitForURL("**/test/wallets");
        await tab.getByRole("dialog").waitFor({ state: "detached" });
      }
      await open("/test/wallets", tab);
      await button("Add a wallet", tab).click();
      await tab.getByRole("dialog").waitFor();
      expect(await axeFindings(tab)).toEqual([]);
      await tab.keyboard.press("Escape");
      await tab.getByRole("dialog").waitFor({ state: "detached" });
      expect(seen).toEqual({ foreign: [], complaints: [] });
      await context.close();
    },
  );

  it("of a visitor: log in and register", async () => {
    const tab = await (await newVisitor(browser, "phone", "dark")).newPage();
    for (const path of ["/login", "/register"]) {
      await tab.goto(gateway.url + path);
      expect(await axeFindings(tab)).toEqual([]);
    }
    await tab.context().close();
  });

  it("is closed while the account is suspended: one sees, and changes nothing", async () => {
    await gateway.admin("merchant:suspend", "--merchant", person.merchantId);
    await open("/test/settings");
    await page.getByText("This account is suspended: the API refuses its keys").waitFor();
    await button("Save").first().click();
    await page.getByText("This account is suspended: nothing can be changed").waitFor();
    await gateway.admin("merchant:activate", "--merchant", person.merchantId);
  });
});
